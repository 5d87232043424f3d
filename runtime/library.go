package runtime

import (
	"context"

	lua "github.com/yuin/gopher-lua"

	"github.com/cortexlua/cortexlua/runtime/internal/vm"
)

// luaRequire is require(name): it loads a Lua module once per run. A module is
// loaded as a runbook is, without the right to act.
func (r *Run) luaRequire(L *lua.LState) int {
	name := L.CheckString(1)
	if v, ok := r.loaded[name]; ok {
		if v == nil {
			raise(L, Errorf(Invalid, "cannot require %q: it requires itself, directly or through another module", name))
		}
		L.Push(v)
		return 1
	}
	r.loaded[name] = nil
	v, err := r.loadModule(L, name)
	if err != nil {
		delete(r.loaded, name)
		raise(L, err)
	}
	r.loaded[name] = v
	L.Push(v)
	return 1
}

func (r *Run) loadModule(L *lua.LState, name string) (lua.LValue, *Error) {
	if r.opts.Library == nil {
		return nil, Errorf(NotFound, "cannot require %q: no library is set up", name)
	}
	var src Source
	var err error
	r.vm.Block(L, func() { src, err = r.opts.Library(name) })
	if err != nil {
		return nil, asError(vm.Context(L), "require", err)
	}
	proto, err := r.vm.Compile(src.Path, src.Text)
	if err != nil {
		return nil, fromVM(err)
	}
	ctx := context.WithValue(vm.Context(L), loadingKey{}, true)
	results, err := r.vm.Call(ctx, L, r.vm.Load(proto))
	if err != nil {
		return nil, fromVM(err)
	}
	if len(results) == 0 || results[0] == lua.LNil {
		return lua.LTrue, nil
	}
	return results[0], nil
}

// errorsTable is the module errors: try and raise.
func (r *Run) errorsTable(L *lua.LState) *lua.LTable {
	tbl := L.CreateTable(0, 2)
	tbl.RawSetString("try", L.NewFunction(r.luaTry))
	tbl.RawSetString("raise", L.NewFunction(luaRaise))
	return tbl
}

// luaTry is errors.try(fn, ...): the function's first result, or nil and the
// error as a table, whatever was raised.
func (r *Run) luaTry(L *lua.LState) int {
	fn := L.CheckFunction(1)
	args := make([]lua.LValue, 0, L.GetTop())
	for i := 2; i <= L.GetTop(); i++ {
		args = append(args, L.Get(i))
	}
	results, err := r.vm.Call(vm.Context(L), L, fn, args...)
	if err == nil {
		for _, v := range results {
			L.Push(v)
		}
		return len(results)
	}
	e := r.caught(L, err)
	L.Push(lua.LNil)
	L.Push(e)
	return 2
}

// caught gives the error table of a failure, and ends the run for what no script
// may catch: the end of its deadline, a limit, a defect.
func (r *Run) caught(L *lua.LState, err error) lua.LValue {
	r.vm.Check(L)
	r.endOnFatal(L, err)
	if script, ok := err.(*vm.ScriptError); ok {
		if tbl, ok := script.Value.(*lua.LTable); ok {
			return tbl
		}
	}
	return errorTable(L, fromVM(err))
}

// luaRaise is errors.raise{kind=..., message=..., hint=..., details=...}.
func luaRaise(L *lua.LState) int {
	var e struct {
		Kind    string         `lua:"kind" enum:"invalid,not_found,conflict,denied,timeout,canceled,failed,internal"`
		Message string         `lua:"message"`
		Hint    string         `lua:"hint,opt"`
		Op      string         `lua:"op,opt"`
		Details map[string]any `lua:"details,opt"`
	}
	if err := Decode(L.CheckTable(1), &e, ""); err != nil {
		raise(L, asError(vm.Context(L), "errors.raise", err))
	}
	raise(L, &Error{Kind: Kind(e.Kind), Op: e.Op, Message: e.Message, Hint: e.Hint, Details: e.Details})
	return 0
}
