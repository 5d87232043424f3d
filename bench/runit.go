package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// runit has a resident runsvdir with a runsv for each daemon, which are started
// off the clock. Start and stop are asked for with up and down, which return at
// once; the bench watches for the outcome. The restart is the one that sv offers
// for the purpose: it waits for the check script of each daemon.
func runit() *system {
	return &system{
		name:  "runit",
		needs: []string{"runsvdir", "sv"},
		setup: startRunsvdir,
		ops: map[string]func(*bed) job{
			"start": svAll("up"), "stop": svAll("down"), "status": svAll("status"),
			"rolling": svEach("restart", false),
		},
		shutdown: stopRunsvdir,
	}
}

// runitWatched asks for each restart without waiting, and has the bench watch
// the ready files instead of the poll of sv: the best that runit could do.
func runitWatched() *system {
	return &system{
		name:       "runit+watch",
		needs:      []string{"runsvdir", "sv"},
		setup:      startRunsvdir,
		ops:        map[string]func(*bed) job{"start": svAll("up"), "rolling": svEach("term", true)},
		unmeasured: []string{"start"},
		shutdown:   stopRunsvdir,
	}
}

func svDir(b *bed, name string) string { return filepath.Join(b.dir, "sv", name) }

func svAll(verb string) func(*bed) job {
	return func(b *bed) job {
		argv := []string{"sv", verb}
		for _, name := range b.names {
			argv = append(argv, svDir(b, name))
		}
		return once(argv...)
	}
}

func svEach(verb string, inTurn bool) func(*bed) job {
	return func(b *bed) job {
		j := job{inTurn: inTurn}
		for _, name := range b.names {
			j.argvs = append(j.argvs, []string{"sv", verb, svDir(b, name)})
		}
		return j
	}
}

func startRunsvdir(ctx context.Context, b *bed) error {
	for _, name := range b.names {
		// The ready file is emptied at the start, so that check can tell.
		run := fmt.Sprintf("#!/bin/sh\n: > %[2]s\nexec %[1]s %[2]s >> %[3]s 2>&1\n", b.tools.daemon, b.ready(name), b.log(name))
		check := fmt.Sprintf("#!/bin/sh\ntest -s %s\n", b.ready(name))
		if err := os.MkdirAll(svDir(b, name), 0o755); err != nil {
			return err
		}
		for file, text := range map[string]string{"run": run, "check": check, "down": ""} {
			if err := os.WriteFile(filepath.Join(svDir(b, name), file), []byte(text), 0o755); err != nil {
				return err
			}
		}
	}
	return b.startManager(ctx, func() bool { return b.supervised() }, "runsvdir", filepath.Join(b.dir, "sv"))
}

// supervised tells whether each daemon's runsv listens.
func (b *bed) supervised() bool {
	for _, name := range b.names {
		fifo := filepath.Join(svDir(b, name), "supervise", "ok")
		fd, err := syscall.Open(fifo, syscall.O_WRONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
		if err != nil {
			return false
		}
		syscall.Close(fd)
	}
	return true
}

// stopRunsvdir: a hangup makes runsvdir end its runsv, each of which ends its
// daemon.
func stopRunsvdir(b *bed) { b.stopManager(syscall.SIGHUP) }
