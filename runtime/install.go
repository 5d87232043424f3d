package runtime

import (
	"io"
	"reflect"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/cortexlua/cortexlua/runtime/internal/vm"
)

// install puts into the VM what every script sees: the primitives, errors,
// parallel, require and print.
func (r *Run) install() {
	L := r.vm.State()
	restrictLuar(L)
	self := L.NewUserData()
	self.Value = r
	L.Get(lua.RegistryIndex).(*lua.LTable).RawSetString(runKey, self)
	null := L.NewUserData()
	null.Value = Null{}
	null.Metatable = r.nullMetatable(L)
	r.nullValue = null
	r.emptyList = L.CreateTable(0, 1)
	r.emptyList.RawSetString(emptyListKey, lua.LTrue)

	for _, m := range r.opts.Modules {
		r.vm.SetGlobal(m.Name, r.vm.ReadOnly(r.moduleTable(L, m)))
	}
	r.vm.SetGlobal("errors", r.vm.ReadOnly(r.errorsTable(L)))
	r.vm.SetGlobal("parallel", L.NewFunction(r.luaParallel))
	r.vm.SetGlobal("each", L.NewFunction(r.luaEach))
	r.vm.SetGlobal("race", L.NewFunction(r.luaRace))
	r.vm.SetGlobal("require", L.NewFunction(r.luaRequire))
	r.vm.SetGlobal("print", L.NewFunction(r.luaPrint))
}

func (r *Run) nullMetatable(L *lua.LState) *lua.LTable {
	mt := L.CreateTable(0, 2)
	mt.RawSetString("__metatable", lua.LString("null"))
	mt.RawSetString("__tostring", L.NewFunction(func(L *lua.LState) int {
		L.Push(lua.LString("null"))
		return 1
	}))
	return mt
}

// moduleTable makes the table of a module's functions, and remembers those that
// are methods of a handle.
func (r *Run) moduleTable(L *lua.LState, m Module) *lua.LTable {
	tbl := L.CreateTable(0, len(m.Funcs)+1)
	for i := range m.Funcs {
		f := &m.Funcs[i]
		op := m.Name + "." + f.name
		fn := L.NewFunction(func(L *lua.LState) int { return r.dispatch(L, op, f) })
		tbl.RawSetString(f.name, fn)
		if t := f.receiver(); t != nil {
			if r.methods[t] == nil {
				r.methods[t] = map[string]*lua.LFunction{}
			}
			r.methods[t][f.name] = fn
		}
	}
	if m.Name == "json" {
		tbl.RawSetString("null", r.nullValue)
	}
	return tbl
}

// receiver is the handle type that f takes first, if any.
func (f *Func) receiver() reflect.Type {
	if f.args == nil || f.args.Kind() != reflect.Struct {
		return nil
	}
	for i := range f.args.NumField() {
		sf := f.args.Field(i)
		if strings.HasSuffix(sf.Tag.Get("lua"), ",opt") {
			continue
		}
		if sf.Type.Kind() == reflect.Struct && sf.Type.Implements(typeHandle) {
			return sf.Type
		}
		return nil
	}
	return nil
}

// luaPrint is print. A line is written in one piece, without the baton: the
// reader of a pipe may be slow. What a run prints is bounded.
func (r *Run) luaPrint(L *lua.LState) int {
	var b strings.Builder
	for i := 1; i <= L.GetTop(); i++ {
		if i > 1 {
			b.WriteByte('\t')
		}
		text := L.ToStringMeta(L.Get(i)).String()
		r.vm.Room(L, b.Len()+len(text))
		b.WriteString(text)
	}
	b.WriteByte('\n')
	limit := r.vm.Limits().Output
	if r.printed += int64(b.Len()); r.printed > limit {
		r.endOnFatal(L, &vm.LimitError{Name: "output", Limit: limit})
	}
	r.vm.Block(L, func() {
		r.printing.Lock()
		defer r.printing.Unlock()
		_, _ = io.WriteString(r.opts.Stdout, b.String()) // a reader that went away is no reason to stop
	})
	return 0
}
