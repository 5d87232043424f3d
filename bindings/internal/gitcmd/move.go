package gitcmd

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
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
	hidden, err := r.hiddenChanges(ctx, touched)
	return append(out, hidden...), err
}

// hiddenChanges lists those of the paths that are not as in HEAD and that Status
// says nothing about, since git was told not to look.
func (r *Repo) hiddenChanges(ctx context.Context, among map[string]bool) ([]string, error) {
	hidden, err := r.Hidden(ctx)
	if err != nil {
		return nil, err
	}
	hidden = slices.DeleteFunc(hidden, func(p string) bool { return !among[p] })
	contents, err := r.ShowFiles(ctx, "HEAD", hidden)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(hidden, func(p string) bool {
		data, err := os.ReadFile(filepath.Join(r.Dir, p))
		return errors.Is(err, fs.ErrNotExist) || err == nil && bytes.Equal(data, contents[p].Data)
	}), nil
}

// inTheWay is the check before every move that keeps local changes. It returns the
// changed paths that are to be kept, and refuses for the sake of the others.
func (r *Repo) inTheWay(ctx context.Context, op, target string, keep ...string) (kept []string, err error) {
	untracked, err := r.UntrackedInTheWay(ctx, target)
	if err != nil {
		return nil, err
	}
	modified, err := r.ModifiedInTheWay(ctx, target)
	if err != nil {
		return nil, err
	}
	isKept := func(p string) bool { return slices.ContainsFunc(keep, func(top string) bool { return Inside(top, p) }) }
	for _, p := range slices.Concat(modified, untracked) {
		if isKept(p) {
			kept = append(kept, p)
		}
	}
	untracked, modified = slices.DeleteFunc(untracked, isKept), slices.DeleteFunc(modified, isKept)
	if len(untracked)+len(modified) == 0 {
		return kept, nil
	}
	var parts []string
	if len(modified) > 0 {
		parts = append(parts, "modified: "+someOf(modified))
	}
	if len(untracked) > 0 {
		parts = append(parts, "untracked: "+someOf(untracked))
	}
	return nil, &Error{Op: op, Dir: r.Dir, Kind: ErrInTheWay, Detail: strings.Join(parts, "; "),
		Paths: slices.Concat(modified, untracked), Hint: "commit, move or remove them"}
}

// FastForward moves the current branch and the work tree to a commit that has
// the current one as an ancestor. It refuses ErrDiverged, ErrBusy, ErrLocked and
// ErrInTheWay before anything changes, and checks the outcome. Local changes at or
// below the paths to keep are in nobody's way: they win over what the commit has.
func (r *Repo) FastForward(ctx context.Context, commit string, keep ...string) error {
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
	aside, err := r.inTheWay(ctx, op, id, keep...)
	if err != nil {
		return err
	}
	if err := r.forward(ctx, op, id, aside); err != nil {
		return err
	}
	return r.atCommit(ctx, op, id)
}

func (r *Repo) forward(ctx context.Context, op, id string, kept []string) (err error) {
	if len(kept) > 0 {
		back, err2 := r.setAside(ctx, op, kept)
		defer func() { err = errors.Join(err, back()) }()
		if err2 != nil {
			return err2
		}
	}
	_, err = r.git(ctx, op, call{args: []string{"merge", "--ff-only", "--quiet", "--no-stat", "--no-autostash", "--no-overwrite-ignore", id}}, guarded)
	return err
}

func (r *Repo) atCommit(ctx context.Context, op, id string) error {
	now, err := r.ResolveCommit(ctx, "HEAD")
	if err == nil && now != id {
		err = &Error{Op: op, Dir: r.Dir, Kind: ErrNotExact, Detail: "HEAD is at " + now}
	}
	return err
}
