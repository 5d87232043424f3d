package proc

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// tree is everything that belongs to one process during its stop.
type tree struct {
	table        *Table
	leader       *Handle // nil if it had ended; open until the stop is over
	root         Identity
	leadsGroup   bool
	leadsSession bool
	cookie       string
	mixed        bool // a protected process is in the group

	known     map[int]uint64      // every member seen so far: pid to start ticks
	sent      map[member]delivery // the last signal each was sent
	protected map[int]bool        // this program, those above it, pid 1
}

// member is one process within this boot.
type member struct {
	pid   int
	ticks uint64
}

// delivery is a signal and the program that ran when it was sent. A shell that has
// forked but not yet executed its command still has the handlers of the shell: the
// signal is noted there and lost by the exec. So who runs another program since is
// sent it again.
type delivery struct {
	sig  unix.Signal
	comm [16]byte
}

// errPhase says that the time of a phase is over.
var errPhase = errors.New("the time is over")

// errLook says that it is time to look for newcomers.
var errLook = errors.New("time to look again")

func (t *tree) close() {
	if t.leader != nil {
		t.leader.Close()
	}
}

// phase sends sig to every member until none is left or the time is over (errPhase)
// or the caller's context ends (its cause). It sleeps until they have ended, and
// looks for newcomers now and then: after 50 ms, then at growing distances.
func (t *tree) phase(ctx context.Context, sig unix.Signal, limit time.Duration) error {
	phase, cancel := context.WithTimeoutCause(ctx, limit, errPhase)
	defer cancel()
	looks := 0 // in a row that found nobody
	for pause := 50 * time.Millisecond; ; {
		snap, err := t.table.Snapshot(phase)
		if err != nil {
			return err
		}
		live := t.members(snap)
		if len(live) == 0 {
			if looks++; t.nothingLeft(snap, looks) {
				return nil
			}
			continue
		}
		looks = 0
		if err := t.signal(sig, live); err != nil {
			return err
		}
		look, stop := context.WithTimeoutCause(phase, pause, errLook)
		err = t.await(look, live)
		stop()
		switch {
		case errors.Is(err, errLook) && phase.Err() == nil:
			pause = min(2*pause, 2*time.Second)
		case err != nil && phase.Err() != nil:
			return context.Cause(phase)
		case err != nil:
			return err
		}
	}
}

// members finds the live members in a snapshot and remembers them.
func (t *tree) members(snap *Snapshot) []Stat {
	found := map[int]Stat{}
	add := func(list []Stat) {
		for _, st := range list {
			if !t.protected[st.PID] && !st.Dead() && !st.Kernel() {
				found[st.PID] = st
			}
		}
	}
	t.mixed = false
	for pid := range t.protected {
		if st, ok := snap.Get(pid); ok && st.PGRP == t.root.PID {
			t.mixed = true
		}
	}
	holder, held := snap.Get(t.root.PID)
	reused := held && holder.StartTicks != t.root.StartTicks
	if t.leader != nil && !reused {
		if held {
			add([]Stat{holder})
		}
		if t.leadsGroup {
			add(snap.Group(t.root.PID))
		}
		if t.leadsSession {
			add(snap.Session(t.root.PID))
		}
	}
	for pid, start := range t.known {
		if st, ok := snap.Get(pid); ok && st.StartTicks == start {
			add([]Stat{st})
		}
	}
	add(snap.carrying(t.cookie, t.root.StartTicks))
	for _, pid := range slices.Collect(maps.Keys(found)) {
		add(snap.Descendants(pid))
	}
	live := slices.SortedFunc(maps.Values(found), func(a, b Stat) int { return a.PID - b.PID })
	for i := range live {
		t.known[live[i].PID] = live[i].StartTicks
	}
	return live
}

// nothingLeft decides whether the looks so far prove the tree to be gone. One look
// does if the group is empty and nothing was forked meanwhile, which the scan might
// have missed. Zombies that nobody reaps keep a group from being empty, and
// a busy machine is never calm, so several looks in a row that find nobody do too.
func (t *tree) nothingLeft(snap *Snapshot, looks int) bool {
	const enough, many = 2, 5
	if snap.calm() {
		return looks >= enough || t.groupEmpty()
	}
	return looks >= many
}

// groupEmpty is the cheap proof that no process forked past the last scan.
func (t *tree) groupEmpty() bool {
	if t.leader == nil || !t.leadsGroup {
		return true
	}
	return errors.Is(t.leader.signalGroup(0), ErrGone)
}

// signal sends sig to the members that have not had it yet: to the group as one the
// first time, so that nobody forks past it, later only to newcomers, since a
// second SIGTERM means "at once" to some programs. What a member that was asked to
// end has started since is its own affair: a shell that drains runs rm and mv.
// SIGKILL goes out every time, to all.
func (t *tree) signal(sig unix.Signal, live []Stat) error {
	var group, single []Stat
	first := true
	if sig != unix.SIGKILL {
		live = t.withoutHelpers(sig, live)
	}
	for _, st := range live {
		had := t.sent[key(&st)].sig == sig
		inGroup := t.leadsGroup && st.PGRP == t.root.PID
		switch {
		case sig == unix.SIGKILL && inGroup, !had && inGroup:
			group = append(group, st)
		case sig == unix.SIGKILL, !had, t.sent[key(&st)].comm != st.comm:
			single = append(single, st)
		}
		first = first && !(had && inGroup)
	}
	if !first && sig != unix.SIGKILL {
		group, single = nil, append(single, group...)
	}
	if len(group) > 0 {
		switch err := t.signalGroup(sig); {
		case err == nil:
			t.note(sig, group)
			_ = t.signalEach(sig, single) // what is not ours to signal shows as a survivor
			return nil
		case errors.Is(err, ErrGone):
		default: // an old kernel, a protected member, or none that is ours to signal
			single = append(single, group...)
		}
	}
	return t.signalEach(sig, single)
}

// withoutHelpers leaves out who was not sent sig but lives below one who was. They
// come back into the list when that one has ended.
func (t *tree) withoutHelpers(sig unix.Signal, live []Stat) []Stat {
	byPID := make(map[int]*Stat, len(live))
	for i := range live {
		byPID[live[i].PID] = &live[i]
	}
	asked := func(st *Stat) bool { return t.sent[key(st)].sig == sig }
	helps := func(st *Stat) bool {
		for range len(live) { // a snapshot is not of one moment: never go in circles
			if st = byPID[st.PPID]; st == nil {
				return false
			}
			if asked(st) {
				return true
			}
		}
		return false
	}
	return slices.DeleteFunc(slices.Clone(live), func(st Stat) bool { return !asked(&st) && helps(&st) })
}

// signalGroup wakes suspended members as well, or they would never see sig.
func (t *tree) signalGroup(sig unix.Signal) error {
	if t.mixed {
		return errNoGroupSignal
	}
	if err := t.leader.signalGroup(sig); err != nil {
		return err
	}
	if sig != unix.SIGKILL {
		_ = t.leader.signalGroup(unix.SIGCONT)
	}
	return nil
}

// signalEach fails only if it could signal nobody: one member that belongs to
// another user must not keep the others alive.
func (t *tree) signalEach(sig unix.Signal, list []Stat) error {
	var failed error
	reached := false
	for i := range list {
		err := t.signalOne(sig, &list[i])
		switch {
		case err == nil:
			t.note(sig, list[i:i+1])
			reached = true
		case errors.Is(err, ErrGone):
			reached = true
		case failed == nil:
			failed = err
		}
	}
	if reached {
		return nil
	}
	return failed
}

func (t *tree) signalOne(sig unix.Signal, st *Stat) error {
	id, err := st.Identity()
	if err != nil {
		return err
	}
	h, err := Open(id)
	if err != nil {
		return err
	}
	defer h.Close()
	if err := h.Signal(sig); err != nil {
		return err
	}
	if sig != unix.SIGKILL {
		_ = h.Signal(unix.SIGCONT)
	}
	return nil
}

func (t *tree) note(sig unix.Signal, list []Stat) {
	for i := range list {
		t.sent[key(&list[i])] = delivery{sig, list[i].comm}
	}
}

func key(st *Stat) member { return member{st.PID, st.StartTicks} }

func (t *tree) signalled() []int {
	var out []int
	for m := range t.sent {
		out = append(out, m.pid)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// await waits for the members one after the other, so that it needs a single
// descriptor however many they are. The root comes first: mostly the rest ends
// with it.
func (t *tree) await(ctx context.Context, live []Stat) error {
	if t.leader != nil {
		if err := t.leader.waitAlone(ctx); err != nil {
			return err
		}
	}
	for i := range live {
		if t.leader != nil && live[i].PID == t.root.PID {
			continue
		}
		if err := awaitOne(ctx, &live[i]); err != nil {
			return err
		}
	}
	return nil
}

func awaitOne(ctx context.Context, st *Stat) error {
	id, err := st.Identity()
	if err != nil {
		return err
	}
	h, err := Open(id)
	switch {
	case errors.Is(err, ErrGone):
		return nil
	case err != nil:
		return err
	}
	defer h.Close()
	return h.waitAlone(ctx)
}
