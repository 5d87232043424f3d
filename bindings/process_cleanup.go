package bindings

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/cortexlua/cortexlua/runtime"
)

// cleanUpGrace is what children of a dead daemon get before SIGKILL: nobody
// waits for their work any more.
const cleanUpGrace = 2 * time.Second

type processCleanUpArgs struct {
	Name string `lua:"name" doc:"a daemon of the registry"`
}

type cleanUpResult struct {
	Ended   bool `lua:"ended" doc:"something was left and is ended"`
	Planned bool `lua:"planned" doc:"a dry run: nothing was done"`
}

// processCleanUp ends children that outlived a dead instance. They carry the
// cookie of its record, or the daemon's own command line with a cookie of ours:
// either way they are provably that daemon's.
func (h *Host) processCleanUp(ctx context.Context, c *runtime.Call, a processCleanUpArgs) (runtime.Change[cleanUpResult], error) {
	if err := c.Require(runtime.ProcessSignal.In(a.Name)); err != nil {
		return runtime.Change[cleanUpResult]{}, err
	}
	left, err := h.remains(ctx, c, a.Name)
	if err != nil || len(left) == 0 {
		return runtime.Unchanged(cleanUpResult{}), err
	}
	return runtime.Change[cleanUpResult]{
		Summary: fmt.Sprintf("end what is left of %s", a.Name),
		Result:  cleanUpResult{Planned: true},
		Apply: func(ctx context.Context) (cleanUpResult, error) {
			for _, p := range left {
				if _, err := h.stop(ctx, p, "TERM", cleanUpGrace); err != nil {
					return cleanUpResult{}, err
				}
			}
			return cleanUpResult{Ended: true}, nil
		},
	}, nil
}

// remains lists what is left of dead instances, one entry for each cookie.
func (h *Host) remains(ctx context.Context, c *runtime.Call, name string) ([]*process, error) {
	reg, err := h.Registry(ctx)
	if err != nil {
		return nil, err
	}
	daemons, err := h.selectDaemons(reg, []string{name})
	if err != nil {
		return nil, err
	}
	s, err := h.search(ctx, c, daemons, true)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(s.remains, func(p *process) bool {
		twice := seen[p.cookie]
		seen[p.cookie] = true
		return twice
	}), nil
}
