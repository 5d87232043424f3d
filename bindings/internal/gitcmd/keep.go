package gitcmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
)

// asideMark begins the name of a file that was set aside, in its own folder. Should
// the machine go down meanwhile, it is there to be found.
const asideMark = ".kept-by-cortexlua-"

// setAside renames files with local changes out of the way of a move and makes
// their places as HEAD has them, so that git sees nothing to lose. The function it
// returns puts them back over what the move has brought; a file that was deleted
// here is deleted again. It is to be called also when setAside failed.
func (r *Repo) setAside(ctx context.Context, op string, paths []string) (back func() error, err error) {
	root, err := os.OpenRoot(r.Dir)
	if err != nil {
		return func() error { return nil }, &Error{Op: op, Dir: r.Dir, Err: err}
	}
	var moved, deleted []string
	back = func() error {
		defer root.Close()
		var errs []error
		for _, p := range moved {
			if err := root.MkdirAll(path.Dir(p), 0o755); err != nil { // the move may have removed it
				errs = append(errs, r.notKept(op, p, err))
				continue
			}
			if err := root.Rename(asideName(p), p); err != nil {
				errs = append(errs, r.notKept(op, p, err))
			}
		}
		for _, p := range deleted {
			if err := root.Remove(p); err != nil && !errors.Is(err, fs.ErrNotExist) {
				errs = append(errs, r.notKept(op, p, err))
			}
		}
		return errors.Join(errs...)
	}
	for _, p := range paths {
		switch err := root.Rename(p, asideName(p)); {
		case errors.Is(err, fs.ErrNotExist):
			deleted = append(deleted, p)
		case err != nil:
			return back, r.notKept(op, p, err)
		default:
			moved = append(moved, p)
		}
	}
	return back, r.asHead(ctx, op, paths)
}

// asideName is in the same folder, for that one is on the same file system.
func asideName(p string) string { return path.Join(path.Dir(p), asideMark+path.Base(p)) }

// asHead writes those of the paths that HEAD has, without hooks.
func (r *Repo) asHead(ctx context.Context, op string, paths []string) error {
	tracked, err := r.ShowFiles(ctx, "HEAD", paths)
	if err != nil || len(tracked) == 0 {
		return err
	}
	args := []string{"--literal-pathspecs", "checkout", "--quiet", "HEAD", "--"}
	for p := range tracked {
		args = append(args, p)
	}
	_, err = r.withoutHooks().git(ctx, op, call{args: args}, guarded)
	return err
}

func (r *Repo) notKept(op, p string, err error) error {
	return &Error{Op: op, Dir: r.Dir, Err: err, Detail: fmt.Sprintf("cannot keep the changes of %s: %v", p, err),
		Hint: "look for " + asideName(p)}
}
