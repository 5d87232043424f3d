package vm

import (
	"io"
	"os"
	"sync"
	"sync/atomic"

	lua "github.com/yuin/gopher-lua"

	"github.com/cortexlua/cortexlua/runtime/internal/luapattern"
)

// VM is one Lua machine: globals, libraries and the baton. All methods that take
// an *lua.LState must be called by the holder of the baton, that is from inside a
// primitive; Run, Abort and OnHang from anywhere.
type VM struct {
	limits Limits
	base   *lua.LState // owns the globals; never runs script code

	baton chan struct{} // one token

	unwinder *lua.LFunction // see reset.go
	concat   *lua.LFunction // what ".." is compiled to
	methods  *lua.LTable    // what strings index: sealed

	out     io.Writer
	printed int64

	mu     sync.Mutex
	scopes map[*scope]struct{}
	doomed []*coroutine // lost by the collector, to be unwound under the baton
	onHang func(error)
	watch  *watch

	lost  atomic.Int32 // len(doomed), readable without the lock
	live  int          // coroutines alive; under the baton
	all   map[*coroutine]struct{}
	tasks atomic.Int32

	matcher luapattern.Matcher // for find and match, which call nothing back
	next    *lua.LFunction     // what pairs hands out
	inext   *lua.LFunction     // what ipairs hands out
	mixed   uint64
}

// maxArray bounds the array part of a table: t[67108863] = 1 is a single
// instruction and half a gigabyte upstream (gopher-lua issue 501).
const maxArray = 1 << 21

var lowerMaxArray = sync.OnceFunc(func() { lua.MaxArrayIndex = maxArray })

// New makes a machine with the hardened libraries: base, string, table, math,
// coroutine and the harmless parts of os and debug.
func New(l Limits) *VM {
	lowerMaxArray()
	m := &VM{
		limits: l.withDefaults(),
		baton:  make(chan struct{}, 1),
		out:    os.Stdout,
		scopes: map[*scope]struct{}{},
	}
	m.baton <- struct{}{}
	m.base = lua.NewState(lua.Options{
		CallStackSize:       framesNested,
		RegistrySize:        128,
		RegistryMaxSize:     registryMax,
		RegistryGrowStep:    512,
		SkipOpenLibs:        true,
		MinimizeStackMemory: true,
	})
	m.base.G.MainThread = m.base
	m.base.G.CurrentThread = m.base
	m.openLibs()
	return m
}

// State is the state that owns the globals. It is for building values (tables,
// functions, userdata); it never runs script code and has no context.
func (m *VM) State() *lua.LState { return m.base }

// Globals is the global table.
func (m *VM) Globals() *lua.LTable { return m.base.G.Global }

// SetGlobal sets a global without metamethods.
func (m *VM) SetGlobal(name string, v lua.LValue) { m.Globals().RawSetString(name, v) }

// Limits are the budgets in force.
func (m *VM) Limits() Limits { return m.limits }

// SetLimits changes the budgets. Nothing may be running.
func (m *VM) SetLimits(l Limits) { m.limits = l.withDefaults() }

// SetOutput says where print writes. The default is the standard output.
func (m *VM) SetOutput(w io.Writer) { m.out = w }

// Load makes a callable function of a compiled chunk. The same prototype may be
// loaded into many machines.
func (m *VM) Load(p *lua.FunctionProto) *lua.LFunction {
	fn := m.base.NewFunctionFromProto(p)
	for i := range fn.Upvalues { // only the hidden concat function can be there
		fn.Upvalues[i] = &lua.Upvalue{}
		fn.Upvalues[i].Close()
		fn.Upvalues[i].SetValue(m.concat)
	}
	return fn
}

// Close unwinds the coroutines that are still suspended. The machine must not run
// anything any more.
func (m *VM) Close() {
	m.take()
	defer m.put()
	m.reapAll()
}

// metaField looks up a metamethod without calling anything.
func (m *VM) metaField(v lua.LValue, name string) lua.LValue {
	var mt lua.LValue
	switch v := v.(type) {
	case *lua.LTable:
		mt = v.Metatable
	case *lua.LUserData:
		mt = v.Metatable
	case lua.LString:
		return lua.LNil // the string metatable has no metamethod but __index
	default:
		return lua.LNil
	}
	if t, ok := mt.(*lua.LTable); ok {
		return t.RawGetString(name)
	}
	return lua.LNil
}
