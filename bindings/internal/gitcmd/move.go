package gitcmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

func asError(err error) (*Error, bool) {
	var e *Error
	ok := errors.As(err, &e)
	return e, ok
}

// UntrackedInTheWay lists paths on disk that moving to target would overwrite:
// untracked files, ignored ones too (which git would overwrite without a word),
// where the target has a file, and files where it needs a directory.
func (r *Repo) UntrackedInTheWay(ctx context.Context, target string) ([]string, error) {
	changes, err := r.Diff(ctx, "HEAD", target)
	if err != nil {
		return nil, err
	}
	list, err := r.LsFiles(ctx, "")
	if err != nil {
		return nil, err
	}
	tracked := make(map[string]bool, len(list))
	for _, p := range list {
		tracked[p] = true
	}
	found := map[string]bool{}
	for _, c := range changes {
		if c.Status == 'D' || tracked[c.Path] {
			continue
		}
		if p := r.blocks(c.Path, tracked); p != "" {
			found[p] = true
		}
	}
	out := make([]string, 0, len(found))
	for p := range found {
		out = append(out, p)
	}
	slices.Sort(out)
	return out, nil
}

// blocks returns what is on disk at rel, or above it where a directory must be.
func (r *Repo) blocks(rel string, tracked map[string]bool) string {
	for i, c := range rel {
		if c != '/' {
			continue
		}
		dir := rel[:i]
		fi, err := os.Lstat(filepath.Join(r.Dir, dir))
		if err != nil {
			return "" // nothing here, so nothing below
		}
		if !fi.IsDir() {
			if tracked[dir] {
				return "" // goes away with the move
			}
			return dir
		}
	}
	fi, err := os.Lstat(filepath.Join(r.Dir, rel))
	if err != nil {
		return ""
	}
	if fi.IsDir() {
		return r.untrackedBelow(rel, tracked)
	}
	return rel
}

// untrackedBelow: a directory must make place for a file; only what git does not
// track there is lost.
func (r *Repo) untrackedBelow(rel string, tracked map[string]bool) string {
	entries, err := os.ReadDir(filepath.Join(r.Dir, rel))
	if err != nil {
		return rel
	}
	for _, e := range entries {
		p := path.Join(rel, e.Name())
		if e.IsDir() {
			if hit := r.untrackedBelow(p, tracked); hit != "" {
				return hit
			}
		} else if !tracked[p] {
			return p
		}
	}
	return ""
}

// ModifiedInTheWay lists tracked files with changes of their own that differ
// between HEAD and target, so that moving there would lose the changes.
func (r *Repo) ModifiedInTheWay(ctx context.Context, target string) ([]string, error) {
	changes, err := r.Diff(ctx, "HEAD", target)
	if err != nil {
		return nil, err
	}
	s, err := r.Status(ctx)
	if err != nil {
		return nil, err
	}
	touched := map[string]bool{}
	for _, c := range changes {
		touched[c.Path] = true
	}
	var out []string
	for _, p := range s.Changed() {
		if touched[p] {
			out = append(out, p)
		}
	}
	return out, nil
}

// inTheWay is the check before every move that keeps local changes.
func (r *Repo) inTheWay(ctx context.Context, op, target string) error {
	untracked, err := r.UntrackedInTheWay(ctx, target)
	if err != nil {
		return err
	}
	modified, err := r.ModifiedInTheWay(ctx, target)
	if err != nil {
		return err
	}
	if len(untracked)+len(modified) == 0 {
		return nil
	}
	var parts []string
	if len(modified) > 0 {
		parts = append(parts, "modified: "+someOf(modified))
	}
	if len(untracked) > 0 {
		parts = append(parts, "untracked: "+someOf(untracked))
	}
	return &Error{Op: op, Dir: r.Dir, Kind: ErrInTheWay, Detail: strings.Join(parts, "; "),
		Paths: slices.Concat(modified, untracked), Hint: "commit, move or remove them"}
}

// FastForward moves the current branch and the work tree to a commit that has
// the current one as an ancestor. It refuses ErrDiverged, ErrBusy, ErrLocked and
// ErrInTheWay before anything changes, and checks the outcome.
func (r *Repo) FastForward(ctx context.Context, commit string) error {
	id, err := r.ResolveCommit(ctx, commit)
	if err != nil {
		return err
	}
	op := "fast-forward to " + id[:12]
	if err := r.ready(ctx, op); err != nil {
		return err
	}
	head, err := r.ResolveCommit(ctx, "HEAD")
	if err != nil || head == id {
		return err
	}
	ok, err := r.IsAncestor(ctx, head, id)
	if err != nil {
		return err
	}
	if !ok {
		return &Error{Op: op, Dir: r.Dir, Kind: ErrDiverged, Detail: "the current commit " + head[:12] + " is not contained in it",
			Hint: "merge or rebase by hand, or choose another commit"}
	}
	if err := r.inTheWay(ctx, op, id); err != nil {
		return err
	}
	_, err = r.git(ctx, op, call{args: []string{"merge", "--ff-only", "--quiet", "--no-stat", "--no-autostash", "--no-overwrite-ignore", id}}, guarded)
	if err != nil {
		return err
	}
	return r.atCommit(ctx, op, id)
}

func (r *Repo) atCommit(ctx context.Context, op, id string) error {
	now, err := r.ResolveCommit(ctx, "HEAD")
	if err == nil && now != id {
		err = &Error{Op: op, Dir: r.Dir, Kind: ErrNotExact, Detail: "HEAD is at " + now}
	}
	return err
}

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
	return r.afterReset(ctx, op, opts, kept)
}

// keptChanges returns the local changes that an unforced move carries over.
func (r *Repo) keptChanges(ctx context.Context, op, id string, opts ResetOptions) (map[string]bool, error) {
	kept := map[string]bool{}
	if opts.Force {
		return kept, nil
	}
	if err := r.inTheWay(ctx, op, id); err != nil {
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
		if slices.Contains(opts.Known, p) || !slices.ContainsFunc(opts.Remove, func(top string) bool { return inside(top, p) }) {
			done.Untracked = append(done.Untracked, p)
			continue
		}
		if err := root.RemoveAll(strings.TrimSuffix(p, "/")); err != nil {
			return done, &Error{Op: op, Dir: r.Dir, Detail: fmt.Sprintf("cannot remove %s, which the other release left: %v", p, err), Err: err}
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

func inside(top, p string) bool {
	top = path.Clean(top)
	return top == "." || p == top || strings.HasPrefix(p, top+"/")
}
