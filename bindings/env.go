package bindings

import (
	"context"

	"github.com/cortexlua/cortexlua/bindings/internal/hostinfo"
	"github.com/cortexlua/cortexlua/runtime"
)

func envModule(*Host) runtime.Module {
	return runtime.Module{
		Name: "env",
		Doc:  "Read variables of the environment that the run was started with. Each name is a permission of its own, since environments hold secrets.",
		Funcs: []runtime.Func{
			runtime.Query("get", "Gives the value of a variable, or nil if it is not set.", envGet, runtime.EnvRead),
		},
	}
}

type envGetArgs struct {
	Name string `lua:"name" doc:"the variable's name; it needs the permission env.read:NAME"`
}

func envGet(_ context.Context, c *runtime.Call, a envGetArgs) (*string, error) {
	if !isVariable(a.Name) {
		return nil, runtime.Errorf(runtime.Invalid, "cannot read the variable %q: a name has letters, digits and underscores, and no digit first", a.Name)
	}
	if err := c.Require(runtime.EnvRead.In(a.Name)); err != nil {
		return nil, err
	}
	value, ok := hostinfo.Env(a.Name)
	if !ok {
		return nil, nil
	}
	return &value, nil
}

func isVariable(name string) bool {
	for i, c := range name {
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}
