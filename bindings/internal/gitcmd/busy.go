package gitcmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Busy is what stands in the way of changing the repository.
type Busy struct {
	// Operations under way: merge, rebase, am, cherry-pick, revert, bisect.
	Operations []string
	Locks      []Lock
}

// Any says whether anything was found.
func (b Busy) Any() bool { return len(b.Operations)+len(b.Locks) > 0 }

func (b Busy) String() string {
	list := make([]string, 0, len(b.Operations)+len(b.Locks))
	for _, op := range b.Operations {
		list = append(list, "a "+op+" is not finished")
	}
	for _, l := range b.Locks {
		list = append(list, l.String())
	}
	return strings.Join(list, ", ")
}

func (l Lock) String() string {
	who := "no process of git holds it"
	if l.Holder != 0 {
		who = fmt.Sprintf("held by process %d (%s)", l.Holder, l.Comm)
	}
	return fmt.Sprintf("%s exists for %s, %s", l.Path, l.Age.Round(time.Second), who)
}

// Busy looks for unfinished operations and lock files; it runs no git.
func (r *Repo) Busy(ctx context.Context) (Busy, error) {
	var b Busy
	// Files that git keeps while an operation is not finished (wt-status.c).
	for _, mark := range [][2]string{{"MERGE_HEAD", "merge"}, {"rebase-merge", "rebase"}, {"rebase-apply", "rebase"},
		{"CHERRY_PICK_HEAD", "cherry-pick"}, {"REVERT_HEAD", "revert"}, {"BISECT_LOG", "bisect"}} {
		if _, err := os.Lstat(filepath.Join(r.GitDir, mark[0])); err == nil {
			b.Operations = append(b.Operations, mark[1])
		}
	}
	for _, path := range r.lockFiles() {
		if ctx.Err() != nil {
			return Busy{}, &Error{Op: "look for lock files", Dir: r.Dir, Err: context.Cause(ctx)}
		}
		if l := r.lockAt(path); l != nil {
			b.Locks = append(b.Locks, *l)
		}
	}
	return b, nil
}

// lockFiles lists what exists of the locks that block a change of the work tree
// or of a branch.
func (r *Repo) lockFiles() []string {
	var out []string
	seen := map[string]bool{}
	for _, dir := range []string{r.GitDir, r.CommonDir} {
		for _, name := range []string{"index.lock", "HEAD.lock", "config.lock", "packed-refs.lock", "shallow.lock", "ORIG_HEAD.lock"} {
			p := filepath.Join(dir, name)
			if _, err := os.Lstat(p); err == nil && !seen[p] {
				seen[p] = true
				out = append(out, p)
			}
		}
	}
	filepath.WalkDir(filepath.Join(r.CommonDir, "refs"), func(p string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(p, ".lock") && !d.IsDir() {
			out = append(out, p)
		}
		return nil
	})
	return out
}

func (r *Repo) lockAt(path string) *Lock {
	fi, err := os.Lstat(path)
	if err != nil {
		return nil
	}
	l := &Lock{Path: path, Age: max(0, time.Since(fi.ModTime()))}
	l.Holder, l.Comm = r.holder(path)
	return l
}

// lockFrom takes the path from git's message "Unable to create '...': File exists".
func (r *Repo) lockFrom(stderr string) *Lock {
	_, rest, ok := strings.Cut(stderr, "Unable to create '")
	if !ok {
		return nil
	}
	path, _, ok := strings.Cut(rest, "': File exists")
	if !ok {
		return nil
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(r.Dir, path)
	}
	return r.lockAt(path)
}

// holder finds a process that has the lock open, or else a git that works in
// this repository: git closes the lock file before it renames it, so an open
// descriptor is proof, but its absence is none. Processes of other users can
// only be judged by root.
func (r *Repo) holder(lock string) (int, string) {
	procs, err := os.ReadDir("/proc")
	if err != nil {
		return 0, ""
	}
	fallback, fallbackComm := 0, ""
	for _, p := range procs {
		pid, err := strconv.Atoi(p.Name())
		if err != nil {
			continue
		}
		comm := readComm(pid)
		if holdsOpen(pid, lock) {
			return pid, comm
		}
		if fallback == 0 && strings.HasPrefix(comm, "git") && r.worksHere(pid) {
			fallback, fallbackComm = pid, comm
		}
	}
	return fallback, fallbackComm
}

func readComm(pid int) string {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}

func holdsOpen(pid int, path string) bool {
	dir := "/proc/" + strconv.Itoa(pid) + "/fd"
	fds, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	for _, fd := range fds {
		if target, err := os.Readlink(dir + "/" + fd.Name()); err == nil && target == path {
			return true
		}
	}
	return false
}

func (r *Repo) worksHere(pid int) bool {
	cwd, err := os.Readlink("/proc/" + strconv.Itoa(pid) + "/cwd")
	if err != nil {
		return false
	}
	for _, dir := range []string{r.Dir, r.GitDir, r.CommonDir} {
		if cwd == dir || strings.HasPrefix(cwd, dir+"/") {
			return true
		}
	}
	return false
}

// ready refuses to change anything while the repository is busy.
func (r *Repo) ready(ctx context.Context, op string) error {
	b, err := r.Busy(ctx)
	if err != nil || !b.Any() {
		return err
	}
	e := &Error{Op: op, Dir: r.Dir, Kind: ErrBusy, Detail: b.String(), Hint: "finish or abort it first (git status tells how)"}
	if len(b.Operations) == 0 {
		e.Kind, e.Lock, e.Detail = ErrLocked, &b.Locks[0], b.Locks[0].String()
		e.Hint = "wait for the other git to end"
		if b.Locks[0].Holder == 0 {
			e.Hint = "it was left by a git that died; remove the file and try again"
		}
	}
	return e
}

// breakLocks removes the lock files that no process of git holds.
func (r *Repo) breakLocks(ctx context.Context, op string) error {
	b, err := r.Busy(ctx)
	if err != nil {
		return err
	}
	for _, l := range b.Locks {
		if l.Holder != 0 {
			continue // ready names it
		}
		if err := os.Remove(l.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return &Error{Op: op, Dir: r.Dir, Detail: fmt.Sprintf("cannot remove the lock file that a dead git left: %v", err), Err: err}
		}
	}
	return nil
}
