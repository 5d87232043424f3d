package gitcmd

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// ResetOptions of ResetTo.
type ResetOptions struct {
	// Force gives up local changes to tracked files and untracked files in the
	// way. Without it they are refused with ErrInTheWay.
	Force bool
	// Remove deletes untracked files below these paths from the top of the work
	// tree that Known does not list: what a failed release left behind. Ignored
	// files stay.
	Remove []string
	Known  []string
	// Leaving is a commit that an earlier move was on its way to when it was cut
	// off. What that had written and the commit does not have is removed: files
	// that are, whole or as a beginning, those of Leaving. Others stay.
	Leaving string
	// BreakLocks removes lock files that no process of git holds: those that a
	// git left which was killed.
	BreakLocks bool
	// Exclude is not looked at by the check afterwards and never removed from:
	// state that is put back by other means.
	Exclude []string
}

// ResetDone tells what ResetTo found and did.
type ResetDone struct {
	Removed   []string
	Untracked []string // still there, not ignored, not excluded
}

// ResetTo puts the work tree at a commit, forward or back, on the branch of that
// name (which is moved there, or made); an empty branch detaches HEAD. Afterwards
// the tracked files are compared with the commit: ErrNotExact names what differs,
// but for excluded paths and, without Force, for local changes that were kept.
//
// It is "git checkout -B" rather than "git reset": one command sets branch, HEAD,
// index and files also when HEAD is detached or on another branch, and files that
// only the newer commit has are removed, which copying a backup over does not do.
// Forced it acts as reset --hard, otherwise as reset --keep. Branches keep their
// upstream. A run that is cut off in between leaves an index.lock at worst; running
// it again then ends at the same state.
func (r *Repo) ResetTo(ctx context.Context, commit, branch string, opts ResetOptions) (ResetDone, error) {
	id, err := r.ResolveCommit(ctx, commit)
	if err != nil {
		return ResetDone{}, err
	}
	op := "go to commit " + id[:12]
	if branch != "" {
		if err := checkBranch(op, r.Dir, branch); err != nil {
			return ResetDone{}, err
		}
	}
	if opts.BreakLocks {
		if err := r.breakLocks(ctx, op); err != nil {
			return ResetDone{}, err
		}
	}
	if err := r.ready(ctx, op); err != nil {
		return ResetDone{}, err
	}
	kept, err := r.keptChanges(ctx, op, id, opts)
	if err != nil {
		return ResetDone{}, err
	}
	args := []string{"checkout", "--quiet", "--no-track", "--no-recurse-submodules"}
	if opts.Force {
		args = append(args, "--force")
	} else {
		args = append(args, "--no-overwrite-ignore")
	}
	if branch == "" {
		args = append(slices.DeleteFunc(args, func(a string) bool { return a == "--no-track" }), "--detach", id, "--")
	} else {
		args = append(args, "-B", branch, id, "--")
	}
	if _, err := r.git(ctx, op, call{args: args}, guarded); err != nil {
		return ResetDone{}, err
	}
	if err := r.atCommit(ctx, op, id); err != nil {
		return ResetDone{}, err
	}
	if opts.Leaving != "" {
		if err := r.removeCutOff(ctx, op, id, opts.Leaving); err != nil {
			return ResetDone{}, err
		}
	}
	return r.afterReset(ctx, op, opts, kept)
}

// keptChanges returns the local changes that an unforced move carries over.
func (r *Repo) keptChanges(ctx context.Context, op, id string, opts ResetOptions) (map[string]bool, error) {
	kept := map[string]bool{}
	if opts.Force {
		return kept, nil
	}
	if _, err := r.inTheWay(ctx, op, id); err != nil {
		return nil, err
	}
	s, err := r.Status(ctx, opts.Exclude...)
	for _, p := range s.Changed() {
		kept[p] = true
	}
	return kept, err
}

func (r *Repo) afterReset(ctx context.Context, op string, opts ResetOptions, kept map[string]bool) (ResetDone, error) {
	s, err := r.Status(ctx, opts.Exclude...)
	if err != nil {
		return ResetDone{}, err
	}
	var wrong []string
	for _, p := range s.Changed() {
		if !kept[p] {
			wrong = append(wrong, p)
		}
	}
	if len(wrong) > 0 {
		return ResetDone{}, &Error{Op: op, Dir: r.Dir, Kind: ErrNotExact, Detail: someOf(wrong), Paths: wrong,
			Hint: "something writes to the tree; stop it and try again"}
	}
	return r.removeLeftovers(op, opts, s.Untracked)
}

func (r *Repo) removeLeftovers(op string, opts ResetOptions, untracked []string) (ResetDone, error) {
	var done ResetDone
	root, err := os.OpenRoot(r.Dir)
	if err != nil {
		return done, &Error{Op: op, Dir: r.Dir, Err: err}
	}
	defer root.Close()
	for _, p := range untracked {
		if slices.Contains(opts.Known, p) || !slices.ContainsFunc(opts.Remove, func(top string) bool { return Inside(top, p) }) {
			done.Untracked = append(done.Untracked, p)
			continue
		}
		if err := root.RemoveAll(strings.TrimSuffix(p, "/")); err != nil {
			return done, r.cannotRemove(op, p, err)
		}
		done.Removed = append(done.Removed, p)
		for dir := path.Dir(p); dir != "." && !slices.Contains(opts.Remove, dir); dir = path.Dir(dir) {
			if root.Remove(dir) != nil { // not empty
				break
			}
		}
	}
	return done, nil
}

func (r *Repo) cannotRemove(op, p string, err error) error {
	return &Error{Op: op, Dir: r.Dir, Detail: fmt.Sprintf("cannot remove %s, which the other release left: %v", p, err), Err: err}
}

// removeCutOff removes what a move from one commit to another had written when it
// was cut off: git writes the files first and its index last, so to the index
// they are strangers. Only what can be had again from the commit is removed.
func (r *Repo) removeCutOff(ctx context.Context, op, from, to string) error {
	changes, err := r.Diff(ctx, from, to)
	if err != nil {
		return err
	}
	var added []string
	for _, c := range changes {
		if _, err := os.Lstat(filepath.Join(r.Dir, c.Path)); c.Status == 'A' && err == nil {
			added = append(added, c.Path)
		}
	}
	contents, err := r.ShowFiles(ctx, to, added)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(r.Dir)
	if err != nil {
		return &Error{Op: op, Dir: r.Dir, Err: err}
	}
	defer root.Close()
	for p, want := range contents {
		if !beginningOf(root, p, want) {
			continue
		}
		if err := root.Remove(p); err != nil {
			return r.cannotRemove(op, p, err)
		}
		for dir := path.Dir(p); dir != "."; dir = path.Dir(dir) {
			if root.Remove(dir) != nil { // not empty
				break
			}
		}
	}
	return nil
}

// beginningOf tells whether the file, or link, on disk is what the commit has
// there or the beginning of it.
func beginningOf(root *os.Root, p string, want Content) bool {
	fi, err := root.Lstat(p)
	switch {
	case err != nil:
		return false
	case fi.Mode()&fs.ModeSymlink != 0:
		target, err := root.Readlink(p)
		return err == nil && target == string(want.Data)
	case !fi.Mode().IsRegular() || fi.Size() > int64(len(want.Data)):
		return false
	}
	data, err := root.ReadFile(p)
	return err == nil && bytes.HasPrefix(want.Data, data)
}

// Inside tells whether a path is at or below another, both from the top of a work
// tree.
func Inside(top, p string) bool {
	top = path.Clean(top)
	return top == "." || p == top || strings.HasPrefix(p, top+"/")
}
