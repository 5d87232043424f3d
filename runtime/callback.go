package runtime

import (
	"context"
	"reflect"

	lua "github.com/yuin/gopher-lua"
)

// Callback is a Lua function that a primitive was given, to call while it works.
// Calls are serialised with all other Lua code of the run.
type Callback struct {
	run *Run
	fn  *lua.LFunction
}

// IsZero tells that no function was given.
func (c Callback) IsZero() bool { return c.fn == nil }

// Call runs the function under ctx and returns its first result as plain data.
// An error that the function raised comes back as an [Error].
func (c Callback) Call(ctx context.Context, args ...any) (any, error) {
	var result any
	var bad error
	call := c.run.vm.State().NewFunction(func(L *lua.LState) int { // under the baton
		e := encoder{L: L, host: c.run}
		L.Push(c.fn)
		for _, a := range args {
			L.Push(e.any(a))
		}
		L.Call(len(args), 1)
		result, bad = newDecoder(L, c.run).any(L.Get(-1), "the function's result", 0)
		return 0
	})
	if _, err := c.run.vm.Run(ctx, call); err != nil {
		return nil, fromVM(err)
	}
	return result, bad
}

func (d decoder) callback(dst reflect.Value, v lua.LValue, path string) error {
	fn, ok := v.(*lua.LFunction)
	if !ok {
		return mismatch(path, "a function", v)
	}
	if d.host == nil {
		return Errorf(Invalid, "%s is a function: data may not hold code", path)
	}
	dst.Set(reflect.ValueOf(Callback{run: d.host, fn: fn}))
	return nil
}
