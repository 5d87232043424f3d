package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"
)

// bench is one run of the program.
type bench struct {
	opts     options
	tools    tools
	work     string
	samples  []sample
	failures []string
}

func (b *bench) wants(op string) bool {
	return len(b.opts.only) == 0 || slices.Contains(b.opts.only, op)
}

const (
	// pause lets a fleet come to rest after its start. Some managers also hold
	// back a daemon that ends within its first second.
	pause = 1200 * time.Millisecond
	// settleLimit is how long a fleet may take to be ready, or gone, after the
	// command has returned.
	settleLimit = 60 * time.Second
	// statusCalls are the status commands of one round.
	statusCalls = 3
)

// fleets measures all sizes: the systems in turn, and that for each round.
func (b *bench) fleets(ctx context.Context) {
	if !slices.ContainsFunc([]string{"start", "status", "rolling", "stop"}, b.wants) {
		return
	}
	systems := b.systems()
	for _, n := range b.opts.sizes {
		for round := range b.opts.runs {
			for _, s := range systems {
				b.round(ctx, s, n, round)
			}
		}
	}
}

// plan gives the operations of a round, in order; nil: the system takes no part.
func (b *bench) plan(s *system, n, round int) []string {
	var ops []string
	for _, op := range []string{"start", "status", "rolling", "stop"} {
		switch {
		case !b.wants(op) || !s.measures(op, n, round):
		case n >= 1000 && op != "status": // only to be looked at
		case n > 8 && op == "rolling":
		default:
			ops = append(ops, op)
		}
	}
	return ops
}

// round lets one system manage a fleet of its own from start to stop.
func (b *bench) round(ctx context.Context, s *system, n, round int) {
	ops := b.plan(s, n, round)
	if len(ops) == 0 || ctx.Err() != nil {
		return
	}
	fmt.Fprintf(os.Stderr, "round %d: %s with %d\n", round+1, s.name, n)
	if err := b.tryRound(ctx, s, n, round, ops); err != nil && ctx.Err() == nil {
		b.failures = append(b.failures, fmt.Sprintf("%s with %d, round %d: %s", s.name, n, round+1, err))
		fmt.Fprintln(os.Stderr, "failed:", err)
	}
}

func (b *bench) tryRound(ctx context.Context, s *system, n, round int, ops []string) (err error) {
	bed, err := newBed(b.work, n, b.tools)
	if err != nil {
		return err
	}
	defer func() {
		if s.shutdown != nil {
			s.shutdown(bed)
		}
		err = errors.Join(err, endChildren(), os.RemoveAll(bed.dir))
	}()
	if s.setup != nil {
		if err := s.setup(ctx, bed); err != nil {
			return err
		}
	}
	f := &fleet{bed: bed, system: s}
	record := func(op string, sm sample) {
		if slices.Contains(ops, op) {
			sm.Op, sm.N, sm.System, sm.Round = op, n, s.name, round
			b.samples = append(b.samples, sm)
		}
	}
	sm, err := f.start(ctx)
	if err != nil {
		return err
	}
	record("start", sm)
	time.Sleep(pause)
	for _, op := range ops {
		switch op {
		case "status":
			for range statusCalls {
				if sm, err = f.status(ctx); err != nil {
					return err
				}
				record(op, sm)
				if sm.Wall > 2*time.Second {
					break
				}
			}
		case "rolling":
			if sm, err = f.rolling(ctx); err != nil {
				return err
			}
			record(op, sm)
		case "stop":
			if sm, err = f.stop(ctx); err != nil {
				return err
			}
			record(op, sm)
		}
	}
	return nil
}
