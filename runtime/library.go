package runtime

import (
	"context"

	lua "github.com/yuin/gopher-lua"

	"github.com/cortexlua/cortexlua/runtime/internal/vm"
)

// requiringKey marks the context of code that require loads.
type requiringKey struct{}

// luaRequire is require(name): it loads a Lua module once per run. A module is
// loaded as a runbook is, without the right to act. Modules are loaded one at a
// time, each with all that it requires, so that items of parallel that require
// the same module wait for it.
func (r *Run) luaRequire(L *lua.LState) int {
	name := L.CheckString(1)
	if v := r.loaded[name]; v != nil {
		L.Push(v)
		return 1
	}
	ctx := vm.Context(L)
	if ctx.Value(requiringKey{}) == nil {
		mine := false
		defer func() {
			if mine {
				<-r.loading
			}
		}()
		r.vm.Block(L, func() {
			select {
			case r.loading <- struct{}{}:
				mine = true
			case <-ctx.Done():
			}
		})
	}
	L.Push(r.require(L, name))
	return 1
}

// require gives a module, loaded if need be. An entry that is nil is one that is
// being loaded.
func (r *Run) require(L *lua.LState, name string) lua.LValue {
	if v, ok := r.loaded[name]; ok {
		if v == nil {
			raise(L, Errorf(Invalid, "cannot require %q: it requires itself, directly or through another module", name))
		}
		return v
	}
	r.loaded[name] = nil
	defer func() {
		if r.loaded[name] == nil {
			delete(r.loaded, name)
		}
	}()
	v, err := r.loadModule(L, name)
	if err != nil {
		raise(L, err)
	}
	r.loaded[name] = v
	return v
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
	ctx = context.WithValue(ctx, requiringKey{}, true)
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
// error as a table. A table that the script raised itself comes as it is; anything
// else becomes an error of kind failed.
func (r *Run) luaTry(L *lua.LState) int {
	fn := L.CheckFunction(1)
	args := make([]lua.LValue, 0, L.GetTop())
	for i := 2; i <= L.GetTop(); i++ {
		args = append(args, L.Get(i))
	}
	results, err := r.vm.Call(vm.Context(L), L, fn, args...)
	if err == nil {
		if len(results) == 0 {
			return 0
		}
		L.Push(results[0]) // only the first: the second is where the error would be
		return 1
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
	script, raised := err.(*vm.ScriptError)
	if !raised {
		r.endOnFatal(L, err)
		return errorTable(L, fromVM(err))
	}
	if tbl, ok := script.Value.(*lua.LTable); ok {
		return tbl
	}
	return errorTable(L, fromVM(err))
}

// luaRaise is errors.raise{kind=..., message=..., hint=..., details=...}. An error
// that was caught is raised again as it is.
func luaRaise(L *lua.LState) int {
	if tbl := L.CheckTable(1); tbl.Metatable == errorMetatable(L) {
		L.Error(tbl, 0)
	}
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
