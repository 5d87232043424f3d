package main

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
)

// system is one way to manage daemons.
type system struct {
	name string
	// needs are programs that must be installed.
	needs []string
	// setup writes what the system needs and starts its manager, off the clock.
	setup func(ctx context.Context, b *bed) error
	// ops are the commands that are measured, by operation. An operation that is
	// missing is not measured. start is needed by all.
	ops map[string]func(b *bed) job
	// skip says that an operation on n daemons is left out in a round.
	skip func(op string, n, round int) bool
	// unmeasured are operations that only prepare for others.
	unmeasured []string
	// shutdown ends the manager, off the clock.
	shutdown func(b *bed)
}

// job is one or several commands, one after the other.
type job struct {
	argvs [][]string
	// inTurn: there is one command for each daemon, and the next is run when the
	// daemon is ready again, which the bench watches, since the system cannot.
	inTurn bool
}

func once(argv ...string) job { return job{argvs: [][]string{argv}} }

// missing names the first program that is not installed; "" when all are.
func (s *system) missing() string {
	for _, program := range s.needs {
		if _, err := exec.LookPath(program); err != nil {
			return program
		}
	}
	return ""
}

func (s *system) measures(op string, n, round int) bool {
	if s.ops[op] == nil || slices.Contains(s.unmeasured, op) {
		return false
	}
	return s.skip == nil || !s.skip(op, n, round)
}

// systems gives those that are installed and asked for, and tells of the others.
func (b *bench) systems() []*system {
	var found []*system
	for _, s := range []*system{
		cortexlua(), minimal(), shell(), shellVerify(), runit(), runitWatched(), supervisor(),
	} {
		switch program := s.missing(); {
		case len(b.opts.systems) > 0 && !slices.Contains(b.opts.systems, s.name):
		case program != "":
			fmt.Printf("skipped: %s, since %s is not installed\n", s.name, program)
		default:
			found = append(found, s)
		}
	}
	return found
}

func minimal() *system {
	command := func(verb string) func(*bed) job {
		return func(b *bed) job {
			return once(b.tools.minimal, verb, b.dir, b.tools.daemon, fmt.Sprint(len(b.names)))
		}
	}
	return &system{
		name: "minimal",
		ops: map[string]func(*bed) job{
			"start": command("start"), "stop": command("stop"), "rolling": command("restart"), "status": command("status"),
		},
	}
}
