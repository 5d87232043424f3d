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
	e := encoder{L: c.run.vm.State(), host: c.run}
	values := make([]lua.LValue, len(args))
	for i, a := range args {
		values[i] = e.any(a)
	}
	results, err := c.run.vm.Run(ctx, c.fn, values...)
	if err != nil {
		return nil, fromVM(err)
	}
	if len(results) == 0 {
		return nil, nil
	}
	return newDecoder(nil, c.run).any(results[0], "the function's result", 0)
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
