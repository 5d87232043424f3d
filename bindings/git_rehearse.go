package bindings

import (
	"context"
	"strings"

	"github.com/cortexlua/cortexlua/runtime"
)

type gitRehearseArgs struct {
	Commit string `lua:"commit" doc:"the commit to move to, by any name"`
	Dir    string `lua:"dir,opt" doc:"the work tree, or a folder in it; default: the home"`
}

// rehearse is an action although it leaves the tree alone: hooks are programs,
// and may do anything.
func (g *gitRepos) rehearse(ctx context.Context, c *runtime.Call, a gitRehearseArgs) (runtime.Change[[]string], error) {
	if err := c.Require(runtime.ProcessSpawn); err != nil {
		return runtime.Change[[]string]{}, because(err, "hooks are programs")
	}
	r, err := g.toWrite(ctx, c, a.Dir, false)
	if err != nil {
		return runtime.Change[[]string]{}, err
	}
	hooks, err := r.Hooks(ctx)
	if err != nil {
		return runtime.Change[[]string]{}, gitError(ctx, err)
	}
	if len(hooks) == 0 {
		return runtime.Unchanged([]string{}), nil
	}
	return runtime.Change[[]string]{
		Summary: "rehearse the hooks " + strings.Join(hooks, ", ") + " in a scratch work tree",
		Result:  hooks,
		Apply: func(ctx context.Context) ([]string, error) {
			tried, err := r.Rehearse(ctx, a.Commit)
			return tried, gitError(ctx, err)
		},
	}, nil
}
