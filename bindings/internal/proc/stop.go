package proc

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// StopSpec says what to stop and how.
type StopSpec struct {
	Identity Identity
	Cookie   string        // what its tree carries in CookieVar; "" if unknown
	Signal   unix.Signal   // 0: SIGTERM
	Grace    time.Duration // how long after Signal before SIGKILL; 0: 5 s
	KillWait time.Duration // how long after SIGKILL before giving up; 0: 5 s
	Table    *Table        // shared by concurrent stops; nil: own scans
}

// StopResult is what a stop came to.
type StopResult struct {
	Stopped   bool          // nothing of the tree lives
	Already   bool          // the process had ended before, and nothing of it was left
	Forced    bool          // SIGKILL was needed
	Survivors []Survivor    // what still lives if not stopped
	Signalled []int         // the pids that were sent a signal
	Duration  time.Duration // from the call to the proof
}

// Survivor is a process that outlived SIGKILL, for instance in state D: inside
// the kernel, waiting for a disk or a network file system.
type Survivor struct {
	Identity Identity
	Comm     string
	State    string // one letter of proc(5)
}

// ErrSurvivors says that part of the tree still lives; [StopResult] lists it.
var ErrSurvivors = errors.New("processes are left")

// errSelf says that a stop would end this program.
var errSelf = errors.New("this program runs below it")

// Stop ends a process and everything that belongs to it: its group and session if
// it leads them, its descendants, and what carries its cookie. It sends Signal
// (and SIGCONT, so that a suspended process sees it), waits for the grace period,
// sends SIGKILL, and looks again until nothing is left. What a process starts after
// it was asked to end, to end in order, gets the signal only when that one has gone.
//
// One thing can outrun a look at /proc: a process that forks, leaves its group and
// ends again within a millisecond, over and over. Only a cgroup holds such a chain.
//
// If the identity's process has ended, only carriers of the cookie are stopped;
// without them the result is Stopped and Already. Nothing else is ever signalled,
// and never pid 1, this program or those above it.
//
// The error is [ErrSurvivors] if something lives on, and the context's cause if
// the context ended first; the result tells what is left in both cases.
func Stop(ctx context.Context, spec StopSpec) (StopResult, error) {
	start := time.Now()
	t, err := newTree(spec)
	if err != nil {
		return StopResult{}, fmt.Errorf("cannot stop pid %d: %w", spec.Identity.PID, err)
	}
	defer t.close()
	res, err := t.end(ctx, spec)
	res.Duration = time.Since(start)
	if err != nil {
		err = fmt.Errorf("cannot stop pid %d: %w", spec.Identity.PID, err)
	}
	return res, err
}

// newTree takes hold of the leader. A leader that ended leaves a tree without one.
func newTree(spec StopSpec) (*tree, error) {
	id := spec.Identity
	if id.PID <= 1 {
		return nil, errors.New("not a process that may be signalled")
	}
	leader, err := openAny(id)
	switch {
	case errors.Is(err, ErrGone):
		return bareTree(nil, spec), nil
	case err != nil:
		return nil, err
	}
	t := bareTree(leader, spec)
	st, err := proveAny(id)
	if err != nil && !errors.Is(err, ErrGone) {
		t.close()
		return nil, err
	}
	t.leadsGroup = err == nil && st.PGRP == id.PID
	t.leadsSession = err == nil && st.Session == id.PID
	if t.protected[id.PID] {
		t.close()
		return nil, errSelf
	}
	return t, nil
}

func bareTree(leader *Handle, spec StopSpec) *tree {
	table := spec.Table
	if table == nil {
		table = new(Table)
	}
	return &tree{
		table: table, leader: leader, root: spec.Identity, cookie: spec.Cookie,
		known: map[int]uint64{}, sent: map[member]delivery{}, protected: above(os.Getpid()),
	}
}

// above returns pid, its ancestors and pid 1.
func above(pid int) map[int]bool {
	out := map[int]bool{1: true}
	for pid > 1 && !out[pid] {
		out[pid] = true
		st, err := Inspect(pid)
		if err != nil {
			break
		}
		pid = st.PPID
	}
	return out
}

// end runs the two phases. The final list of survivors is a scan of its own.
func (t *tree) end(ctx context.Context, spec StopSpec) (StopResult, error) {
	var res StopResult
	sig := spec.Signal
	if sig == 0 {
		sig = unix.SIGTERM
	}
	err := t.phase(ctx, sig, orDefault(spec.Grace, 5*time.Second))
	if errors.Is(err, errPhase) {
		res.Forced = true
		err = t.phase(ctx, unix.SIGKILL, orDefault(spec.KillWait, 5*time.Second))
	}
	res.Signalled = t.signalled()
	if err == nil {
		res.Stopped = true
		res.Already = len(res.Signalled) == 0
		return res, nil
	}
	snap, scanErr := Scan()
	if scanErr != nil {
		return res, errors.Join(err, scanErr)
	}
	for _, st := range t.members(snap) {
		id, _ := st.Identity()
		res.Survivors = append(res.Survivors, Survivor{Identity: id, Comm: st.Comm(), State: string(st.State)})
	}
	if len(res.Survivors) == 0 {
		res.Stopped = true
		return res, nil
	}
	if errors.Is(err, errPhase) {
		err = fmt.Errorf("%w: %s", ErrSurvivors, describe(res.Survivors))
	}
	return res, err
}

func orDefault(d, fallback time.Duration) time.Duration {
	if d <= 0 {
		return fallback
	}
	return d
}

// describe lists the first survivors: "4711 worker (D), 4712 sleep (S)".
func describe(list []Survivor) string {
	const shown = 8
	var b strings.Builder
	for i, s := range list {
		if i == shown {
			fmt.Fprintf(&b, " and %d more", len(list)-shown)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%d %s (%s)", s.Identity.PID, s.Comm, s.State)
	}
	return b.String()
}
