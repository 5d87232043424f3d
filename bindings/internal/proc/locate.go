package proc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// Program is one that [Locate] looks for.
type Program struct {
	Name       string
	Record     *Identity // as recorded at its start; nil if there is no record
	PIDFilePID int       // what its pidfile names; 0 for none
	Argv       []string  // see MatchProgram
	Home       string    // absolute
	Lock       string    // a lock file that the daemon inherited and that is known to be held; "" for none
}

// Found is a live instance of a program.
type Found struct {
	Name     string
	Identity Identity
	By       string // "record", "pidfile", "cmdline" or "lock": the proof
	Stat     Stat
}

// Locate finds the live instances of many programs. A record is proved with one
// system call or two; only programs without a proved record cost more: their
// pidfile's pid is held against the command line, and then all processes are
// looked at, once for all programs. Last, whoever holds a program's lock is taken
// for it, even under a command line that it has rewritten.
//
// Several instances of one program are all found by command line, oldest first;
// an instance that a proved record names is the only one reported. Programs that
// do not run are not in the result. An error means "cannot tell".
func Locate(ctx context.Context, programs []Program) ([]Found, error) {
	return new(Table).Locate(ctx, programs)
}

// Locate is the function [Locate] with a look at all processes that callers who
// ask at the same time share.
func (t *Table) Locate(ctx context.Context, programs []Program) ([]Found, error) {
	var found []Found
	var rest []Program
	for _, p := range programs {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		f, err := locateKnown(p)
		switch {
		case err != nil:
			return nil, fmt.Errorf("cannot locate %s: %w", p.Name, err)
		case f != nil:
			found = append(found, *f)
		default:
			rest = append(rest, p)
		}
	}
	if len(rest) == 0 {
		return found, nil
	}
	more, err := t.locateByScan(ctx, rest)
	return append(found, more...), err
}

// locateKnown follows the record, then the pidfile.
func locateKnown(p Program) (*Found, error) {
	if p.Record != nil {
		st, err := Prove(*p.Record)
		if err == nil {
			return &Found{Name: p.Name, Identity: *p.Record, By: "record", Stat: st}, nil
		}
		if !errors.Is(err, ErrGone) {
			return nil, err
		}
	}
	if p.PIDFilePID <= 1 || p.PIDFilePID == os.Getpid() {
		return nil, nil
	}
	if ok, _ := MatchProgram(p.PIDFilePID, p.Argv, p.Home); !ok {
		return nil, nil
	}
	return proveFound(p.Name, p.PIDFilePID, "pidfile")
}

// proveFound takes hold of a pid for a moment: the number may be a thread's, and
// the process may have ended since it was looked at.
func proveFound(name string, pid int, by string) (*Found, error) {
	id, err := IdentityOf(pid)
	if err == nil {
		var h *Handle
		if h, err = Open(id); err == nil {
			defer h.Close()
			st, err := Prove(id)
			if err == nil {
				return &Found{Name: name, Identity: id, By: by, Stat: st}, nil
			}
		}
	}
	if err == nil || errors.Is(err, ErrGone) {
		return nil, nil
	}
	return nil, err
}

// locateByScan looks at every process once. Programs are found by the base name of
// their script or binary, so that the work does not grow with their number.
func (t *Table) locateByScan(ctx context.Context, programs []Program) ([]Found, error) {
	commands := make([]command, len(programs))
	byName := map[string][]int{}
	for i, p := range programs {
		commands[i] = newCommand(p.Argv, p.Home)
		for _, name := range commands[i].names() {
			byName[name] = append(byName[name], i)
		}
	}
	snap, err := t.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	hits := make([][]Found, len(programs))
	for _, st := range snap.All() {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if st.Kernel() || st.Dead() || st.PID == os.Getpid() {
			continue
		}
		if err := matchAll(snap, &st, programs, commands, byName, hits); err != nil {
			return nil, err
		}
	}
	var found []Found
	for i, p := range programs {
		list := withoutForks(hits[i])
		if len(list) == 0 && p.Lock != "" {
			list, err = locateByLock(snap, p)
			if err != nil {
				return nil, err
			}
		}
		found = append(found, list...)
	}
	return found, nil
}

// matchAll adds a process to the hits of every program that it is an instance of.
func matchAll(snap *Snapshot, st *Stat, programs []Program, commands []command, byName map[string][]int, hits [][]Found) error {
	cand := snap.candidate(st.PID)
	if cand == nil {
		return nil // it has ended, or is not ours to read
	}
	tried := map[int]bool{}
	for _, word := range cand.argv[:min(len(cand.argv), 8)] {
		for _, i := range byName[filepath.Base(word)] {
			if tried[i] {
				continue
			}
			tried[i] = true
			if ok, _ := cand.is(commands[i]); !ok {
				continue
			}
			f, err := proveFound(programs[i].Name, st.PID, "cmdline")
			if err != nil {
				return err
			}
			if f != nil {
				hits[i] = append(hits[i], *f)
			}
		}
	}
	return nil
}

// names lists the base names by which a process of the program can be found.
func (c command) names() []string {
	var out []string
	for _, line := range c.lines {
		name := line.program
		if line.script != "" {
			name = line.script
		}
		out = append(out, filepath.Base(name))
	}
	return out
}

// withoutForks sorts by age and drops the children of other hits: a shell that runs a part of its
// script in a subshell shows the same command line twice.
func withoutForks(list []Found) []Found {
	pids := map[int]bool{}
	for _, f := range list {
		pids[f.Identity.PID] = true
	}
	var out []Found
	for _, f := range list {
		if !pids[f.Stat.PPID] {
			out = append(out, f)
		}
	}
	slices.SortStableFunc(out, func(a, b Found) int { return cmp.Compare(a.Stat.StartTicks, b.Stat.StartTicks) })
	return out
}

// locateByLock finds who holds a lock file open: the leader of a session if there
// is one, else the oldest.
func locateByLock(snap *Snapshot, p Program) ([]Found, error) {
	var lock unix.Stat_t
	if err := unix.Stat(p.Lock, &lock); err != nil {
		return nil, nil
	}
	var best *Stat
	for _, st := range snap.All() {
		if st.Kernel() || st.Dead() || st.PID == os.Getpid() || !holds(st.PID, p.Lock, &lock) {
			continue
		}
		if best == nil || leads(&st) && !leads(best) || leads(&st) == leads(best) && st.StartTicks < best.StartTicks {
			best = &st
		}
	}
	if best == nil {
		return nil, nil
	}
	f, err := proveFound(p.Name, best.PID, "lock")
	if f == nil {
		return nil, err
	}
	return []Found{*f}, nil
}

func leads(st *Stat) bool { return st.Session == st.PID }

// holds reports whether a process has that very file open.
func holds(pid int, path string, file *unix.Stat_t) bool {
	dir, err := os.Open(procPath(pid, "fd"))
	if err != nil {
		return false
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	for _, name := range names {
		if n, err := strconv.Atoi(name); err != nil || n < 3 {
			continue
		}
		link := procPath(pid, "fd/"+name)
		if target, err := os.Readlink(link); err != nil || filepath.Base(target) != filepath.Base(path) {
			continue
		}
		var st unix.Stat_t
		if unix.Stat(link, &st) == nil && st.Ino == file.Ino && st.Dev == file.Dev {
			return true
		}
	}
	return false
}
