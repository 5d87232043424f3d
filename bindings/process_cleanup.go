package bindings

import (
	"context"
	"fmt"
	"time"

	"github.com/cortexlua/cortexlua/bindings/internal/proc"
	"github.com/cortexlua/cortexlua/runtime"
)

// cleanUpGrace is what children of a dead daemon get before SIGKILL: nobody
// waits for their work any more.
const cleanUpGrace = 2 * time.Second

type processCleanUpArgs struct {
	Name string `lua:"name" doc:"a daemon of the registry"`
}

// processCleanUp ends children that outlived a dead instance. They carry the
// cookie of its record, or the daemon's own command line with a cookie of ours:
// either way they are provably that daemon's.
func (h *Host) processCleanUp(ctx context.Context, c *runtime.Call, a processCleanUpArgs) (runtime.Change[bool], error) {
	left, err := h.remains(ctx, c, a.Name)
	if err != nil || len(left) == 0 {
		return runtime.Unchanged(false), err
	}
	return runtime.Change[bool]{
		Summary: fmt.Sprintf("end what is left of %s", a.Name),
		Result:  true,
		Apply: func(ctx context.Context) (bool, error) {
			for _, p := range left {
				if _, err := h.stop(ctx, p, "TERM", cleanUpGrace); err != nil {
					return false, err
				}
			}
			return true, nil
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
	var left []*process
	if p, err := h.remainsOfRecord(ctx, name); err != nil || p != nil {
		left = append(left, p)
		if err != nil {
			return nil, err
		}
	}
	s, err := h.search(ctx, c, daemons, true)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, p := range left {
		seen[p.cookie] = true
	}
	for _, p := range s.remains {
		if !seen[p.cookie] {
			seen[p.cookie] = true
			left = append(left, p)
		}
	}
	return left, nil
}

// remainsOfRecord gives the dead instance of a record if anything still carries
// its cookie.
func (h *Host) remainsOfRecord(ctx context.Context, name string) (*process, error) {
	rec, err := h.recall(name)
	if err != nil || rec == nil || rec.Cookie == "" {
		return nil, err
	}
	if alive, err := proc.Alive(rec.Identity); err != nil || alive {
		return nil, err
	}
	snap, err := h.procs.Snapshot(ctx)
	if err != nil || len(snap.Carrying(rec.Cookie)) == 0 {
		return nil, err
	}
	return &process{name: name, id: rec.Identity, cookie: rec.Cookie, log: rec.Log}, nil
}
