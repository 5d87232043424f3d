package files

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Mkdir makes a directory (mode 0 means 0755) and, with parents, those above it.
// With parents an existing directory is fine; without, it is fs.ErrExist. A root
// that does not exist yet is made through the root around it, if there is one.
func (r *Roots) Mkdir(name string, mode fs.FileMode, parents bool) error {
	if mode == 0 {
		mode = 0o755
	}
	p, err := r.resolveForMkdir(name)
	if err != nil {
		return err
	}
	if !parents {
		if err := p.FS.Mkdir(p.Rel, mode.Perm()); err != nil {
			return p.err("make directory", err)
		}
		return p.err("make directory", syncDir(p.FS, path.Dir(p.Rel)))
	}
	return p.err("make directory", mkdirAll(p.FS, p.Rel, mode.Perm()))
}

func mkdirAll(root *os.Root, rel string, mode fs.FileMode) error {
	if fi, err := root.Stat(rel); err == nil {
		if fi.IsDir() {
			return nil
		}
		return unix.ENOTDIR
	}
	if err := root.MkdirAll(rel, mode); err != nil {
		return err
	}
	// One sync per level would be needed for the names above to last; syncing
	// from the new directory's parent up to the root costs a few calls only.
	for dir := path.Dir(rel); ; dir = path.Dir(dir) {
		if err := syncDir(root, dir); err != nil || dir == "." {
			return err
		}
	}
}

func (r *Roots) resolveForMkdir(name string) (Place, error) {
	p, err := r.Resolve(name)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return p, err
	}
	_, _, abs, lerr := r.locate(name)
	if lerr != nil {
		return Place{}, lerr
	}
	var outer *rootHandle
	var rel string
	for _, h := range r.list {
		if way, ok := below(h.Dir, abs); ok && (outer == nil || len(h.Dir) > len(outer.Dir)) {
			if _, serr := os.Stat(h.Dir); serr == nil {
				outer, rel = h, way
			}
		}
	}
	if outer == nil {
		return Place{}, err
	}
	root, herr := r.handle(outer)
	if herr != nil {
		return Place{}, fail("open root "+outer.Name, outer.Dir, herr)
	}
	return Place{Root: outer.Name, FS: root, Rel: rel, Path: abs}, nil
}

// Remove removes a file, a symbolic link (never what it leads to) or an empty
// directory. It refuses a root, a directory that holds one, and a path that goes
// through a symbolic link: what is to be deleted must be named by its own place.
func (r *Roots) Remove(name string) error {
	p, err := r.removable("remove", name)
	if err != nil {
		return err
	}
	if err := p.FS.Remove(p.Rel); err != nil {
		return p.err("remove", err)
	}
	return p.err("remove", syncDir(p.FS, path.Dir(p.Rel)))
}

// RemoveTree removes a directory and all below it; links inside are removed, not
// followed. It refuses what Remove refuses. A missing path is no error, so that
// it can be run again.
func (r *Roots) RemoveTree(ctx context.Context, name string) error {
	p, err := r.removable("remove the tree", name)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	if err := ctx.Err(); err != nil {
		return p.err("remove the tree", context.Cause(ctx))
	}
	if err := removeTree(ctx, p.FS, p.Rel); err != nil {
		return p.err("remove the tree", err)
	}
	return p.err("remove the tree", syncDir(p.FS, path.Dir(p.Rel)))
}

// removeTree stops at a cancelled context between the entries of the top
// directory; below that os.Root.RemoveAll does the work, which opens without
// following links.
func removeTree(ctx context.Context, root *os.Root, rel string) error {
	fi, err := root.Lstat(rel)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if fi.IsDir() {
		names, err := readNames(root, rel)
		if err != nil {
			return err
		}
		for _, name := range names {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err := root.RemoveAll(path.Join(rel, name)); err != nil {
				return err
			}
		}
	}
	return root.RemoveAll(rel)
}

func (r *Roots) removable(op, name string) (Place, error) {
	p, err := r.Resolve(name)
	if err != nil {
		return Place{}, err
	}
	if p.Rel == "." || r.holdsRoot(p.Path) {
		return Place{}, refuse(op, p.Path, ErrHoldsRoot, "name something below a root")
	}
	return p, p.err(op, repath(noLinkOnTheWay(op, p.FS, p.Rel), p.Path))
}

// noLinkOnTheWay guards against mistakes; the wall against escaping is os.Root.
func noLinkOnTheWay(op string, root *os.Root, rel string) error {
	for dir := path.Dir(rel); dir != "."; dir = path.Dir(dir) {
		fi, err := root.Lstat(dir)
		if err != nil {
			return err
		}
		if fi.Mode().Type() == fs.ModeSymlink {
			return &Error{Op: op, Path: rel, Kind: ErrLink, Hint: dir + " on the way is a link; name the real place"}
		}
	}
	return nil
}

// RenameOptions of Rename.
type RenameOptions struct {
	Replace bool // take the place of an existing file; otherwise fs.ErrExist
}

// Rename moves a file or directory, within a root or between two, and syncs both
// directories. Across file systems it copies, checks, puts the copy in place and
// removes the source last.
func (r *Roots) Rename(ctx context.Context, from, to string, opts RenameOptions) error {
	src, err := r.removable("move", from)
	if err != nil {
		return err
	}
	dst, err := r.Resolve(to)
	if err != nil {
		return err
	}
	if dst.Rel == "." || r.holdsRoot(dst.Path) {
		return refuse("move onto", dst.Path, ErrHoldsRoot, "")
	}
	if _, inside := below(src.Path, dst.Path); inside && src.Path != dst.Path {
		return &Error{Op: "move", Path: src.Path, Err: errors.New("the target " + dst.Path + " is inside it")}
	}
	err = renameat(src.FS, src.Rel, dst.FS, dst.Rel, opts.Replace)
	if errors.Is(err, unix.EXDEV) {
		return r.moveAcross(ctx, src, dst, opts)
	}
	if err != nil {
		return renameErr(src, dst, err)
	}
	if err := syncDir(dst.FS, path.Dir(dst.Rel)); err != nil {
		return dst.err("sync the directory of", err)
	}
	return src.err("sync the directory of", syncDir(src.FS, path.Dir(src.Rel)))
}

// renameErr names the side that the cause belongs to.
func renameErr(src, dst Place, err error) error {
	if errors.Is(err, fs.ErrExist) {
		return dst.err("move "+src.Path+" to", err)
	}
	if _, lerr := src.FS.Lstat(src.Rel); lerr != nil {
		return src.err("move", err)
	}
	return dst.err("move "+src.Path+" to", err)
}

func (r *Roots) moveAcross(ctx context.Context, src, dst Place, opts RenameOptions) error {
	if !opts.Replace {
		if _, err := dst.FS.Lstat(dst.Rel); err == nil {
			return dst.err("move "+src.Path+" to", fs.ErrExist)
		}
	}
	temp := path.Join(path.Dir(dst.Rel), TempName())
	if _, err := copyTree(ctx, src, Place{dst.Root, dst.FS, temp, dst.Path}, CopyOptions{Sync: true, Special: RefuseSpecial}); err != nil {
		return err
	}
	err := renameat(dst.FS, temp, dst.FS, dst.Rel, opts.Replace)
	if err != nil {
		dst.FS.RemoveAll(temp)
		return dst.err("move "+src.Path+" to", err)
	}
	if err := syncDir(dst.FS, path.Dir(dst.Rel)); err != nil {
		return dst.err("sync the directory of", err)
	}
	return src.err("remove", removeTree(ctx, src.FS, src.Rel))
}

// renameat renames between two roots by descriptors of the two directories, so
// that the names are looked up inside the roots only. Without replace the kernel
// refuses an existing target (RENAME_NOREPLACE, renameat2(2)).
func renameat(fromRoot *os.Root, from string, toRoot *os.Root, to string, replace bool) error {
	fromDir, err := fromRoot.OpenFile(path.Dir(from), os.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	defer fromDir.Close()
	toDir, err := toRoot.OpenFile(path.Dir(to), os.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	defer toDir.Close()
	flags := uint(0)
	if !replace {
		flags = unix.RENAME_NOREPLACE
	}
	err = unix.Renameat2(int(fromDir.Fd()), path.Base(from), int(toDir.Fd()), path.Base(to), flags)
	if !replace && (errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS)) {
		// A file system without the flag (some network ones): look, then rename.
		if _, lerr := toRoot.Lstat(to); lerr == nil {
			return unix.EEXIST
		}
		return unix.Renameat(int(fromDir.Fd()), path.Base(from), int(toDir.Fd()), path.Base(to))
	}
	return err
}

// Chmod sets the permission bits; links are followed within the root.
func (r *Roots) Chmod(name string, mode fs.FileMode) error {
	p, err := r.Resolve(name)
	if err != nil {
		return err
	}
	return p.err("change the mode of", p.FS.Chmod(p.Rel, mode))
}

// Symlink makes a link. The target must stay inside the root: absolute targets
// and those that climb out are refused, because whoever follows the link later
// may not go through an os.Root.
func (r *Roots) Symlink(target, name string) error {
	p, err := r.Resolve(name)
	if err != nil {
		return err
	}
	if !LinkStaysInside(p.Rel, target) {
		return &OutsideError{Path: p.Path + " -> " + target, Root: p.Root, Link: true}
	}
	return p.err("make the link", p.FS.Symlink(target, p.Rel))
}

// LinkStaysInside says whether a link at rel (slash path below some root) with
// this target stays below that root, by its text alone.
func LinkStaysInside(rel, target string) bool {
	if target == "" || strings.HasPrefix(target, "/") || strings.ContainsRune(target, 0) {
		return false
	}
	full := path.Join("/", path.Dir(rel)) // used for the depth only
	depth := strings.Count(strings.Trim(full, "/"), "/")
	if full != "/" {
		depth++
	}
	for part := range strings.SplitSeq(target, "/") {
		switch part {
		case "", ".":
		case "..":
			if depth--; depth < 0 {
				return false
			}
		default:
			depth++
		}
	}
	return true
}

// TempDir makes a private directory (mode 0700) below parent and returns its
// absolute path; the caller removes it.
func (r *Roots) TempDir(parent, prefix string) (string, error) {
	p, err := r.Resolve(parent)
	if err != nil {
		return "", err
	}
	if strings.ContainsAny(prefix, "/\x00") {
		return "", &Error{Op: "make a temporary directory in", Path: p.Path, Err: errors.New("the prefix holds a slash")}
	}
	name := prefix + strings.TrimPrefix(TempName(), tempPrefix)
	if err := p.FS.Mkdir(path.Join(p.Rel, name), 0o700); err != nil {
		return "", p.err("make a temporary directory in", err)
	}
	return filepath.Join(p.Path, name), nil
}
