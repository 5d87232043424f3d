package files

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// Defaults of WalkOptions.
const (
	DefaultMaxEntries = 1_000_000
	DefaultMaxDepth   = 200
)

// SkipDir, returned for a directory, leaves out what is below it.
var SkipDir = fs.SkipDir

// WalkOptions bound a walk; zero values mean the defaults.
type WalkOptions struct {
	MaxEntries int      // ErrTooMany beyond
	MaxDepth   int      // ErrTooMany beyond
	Exclude    []string // see Excluded
	OneFS      bool     // do not enter other file systems
}

// Entry is one file of a walk or listing.
type Entry struct {
	Name string
	Rel  string // slash path below the start; "." is the start itself
	Path string // absolute; empty for walks below a bare os.Root
	Info Info
}

// ReadDir lists a directory, sorted by name (bytes).
func (r *Roots) ReadDir(name string) ([]Entry, error) {
	p, err := r.Resolve(name)
	if err != nil {
		return nil, err
	}
	sub, err := p.FS.OpenRoot(p.Rel)
	if err != nil {
		return nil, p.err("list", err)
	}
	defer sub.Close()
	names, err := readNames(sub, ".")
	if err != nil {
		return nil, p.err("list", err)
	}
	out := make([]Entry, 0, len(names))
	for _, n := range names {
		fi, err := sub.Lstat(n)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, p.err("list", err)
		}
		out = append(out, Entry{Name: n, Rel: n, Path: filepath.Join(p.Path, n), Info: InfoOf(fi)})
	}
	return out, nil
}

// readNames lists names only. File.ReadDir is not used because its entries look
// themselves up by the path that the directory had when it was opened, which a
// rename in between sends elsewhere, outside the root too.
func readNames(root *os.Root, rel string) ([]string, error) {
	d, err := root.OpenFile(rel, os.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	slices.Sort(names)
	return names, err
}

// Walk calls fn for path and everything below it, each directory before its
// content, names sorted, links not followed. Files that vanish meanwhile are left
// out. fn may return SkipDir.
func (r *Roots) Walk(ctx context.Context, name string, opts WalkOptions, fn func(Entry) error) error {
	p, err := r.Resolve(name)
	if err != nil {
		return err
	}
	err = WalkTree(ctx, p.FS, p.Rel, opts, func(_ *os.Root, e Entry) error {
		e.Path = filepath.Join(p.Path, e.Rel)
		return fn(e)
	})
	return p.err("walk", under(err, p.Path))
}

// WalkTree is Walk below an open root. fn also gets the open directory that
// holds the entry (valid during the call): dir.Open(e.Name) costs one look-up
// however deep the tree is. For the start itself that is root and rel its name,
// so that for rel "." the pair is (root, ".").
func WalkTree(ctx context.Context, root *os.Root, rel string, opts WalkOptions, fn func(dir *os.Root, e Entry) error) error {
	w := &walker{ctx: ctx, opts: opts, fn: fn, left: opts.MaxEntries}
	if w.left <= 0 {
		w.left = DefaultMaxEntries
	}
	if w.opts.MaxDepth <= 0 {
		w.opts.MaxDepth = DefaultMaxDepth
	}
	fi, err := root.Lstat(rel)
	if err != nil {
		return err
	}
	info := InfoOf(fi)
	w.dev = info.Dev
	err = w.visit(root, Entry{Name: rel, Rel: ".", Info: info}, 0)
	if err == SkipDir {
		return nil
	}
	return err
}

type walker struct {
	ctx  context.Context
	opts WalkOptions
	fn   func(*os.Root, Entry) error
	left int
	dev  uint64
}

func (w *walker) visit(dir *os.Root, e Entry, depth int) error {
	if w.ctx.Err() != nil {
		return context.Cause(w.ctx)
	}
	if w.left--; w.left < 0 || depth > w.opts.MaxDepth {
		return refuse("walk", e.Rel, ErrTooMany, "narrow the path or raise the limits of entries and depth")
	}
	if err := w.fn(dir, e); err != nil || e.Info.Type != TypeDir {
		return err
	}
	if w.opts.OneFS && e.Info.Dev != w.dev {
		return nil
	}
	sub, err := openDirNoFollow(dir, e.Name, e.Info)
	if err != nil {
		return fail("list", e.Rel, vanished(err, depth))
	}
	defer sub.Close()
	names, err := readNames(sub, ".")
	if err != nil {
		return fail("list", e.Rel, err)
	}
	return w.children(sub, e.Rel, names, depth)
}

func (w *walker) children(sub *os.Root, parent string, names []string, depth int) error {
	for _, name := range names {
		rel := name
		if parent != "." {
			rel = parent + "/" + name
		}
		if Excluded(w.opts.Exclude, rel) {
			continue
		}
		fi, err := sub.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fail("look at", rel, err)
		}
		err = w.visit(sub, Entry{Name: name, Rel: rel, Info: InfoOf(fi)}, depth+1)
		if err != nil && err != SkipDir {
			return err
		}
	}
	return nil
}

// openDirNoFollow opens the directory that was looked at, not a link that took
// its place since.
func openDirNoFollow(dir *os.Root, name string, was Info) (*os.Root, error) {
	sub, err := dir.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	fi, err := sub.Stat(".")
	if err == nil && (InfoOf(fi).Inode != was.Inode || InfoOf(fi).Dev != was.Dev) {
		err = fs.ErrNotExist
	}
	if err != nil {
		return nil, errors.Join(err, sub.Close())
	}
	return sub, nil
}

// vanished forgives a directory that was removed while we walked, but not the
// start of the walk.
func vanished(err error, depth int) error {
	if depth > 0 && errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Excluded says whether rel or a directory above it matches a pattern. Patterns
// are slash paths from the start of the walk, with * ? [..] of path.Match for
// each part ("backups", "metrics/*.tmp"); one that begins "**/" matches at any
// depth ("**/*.pyc").
func Excluded(patterns []string, rel string) bool {
	for _, pattern := range patterns {
		pattern = strings.TrimSuffix(pattern, "/")
		if tail, ok := strings.CutPrefix(pattern, "**/"); ok {
			if slices.ContainsFunc(strings.Split(rel, "/"), func(part string) bool { return matches(tail, part) }) {
				return true
			}
			continue
		}
		want, have := strings.Split(pattern, "/"), strings.Split(rel, "/")
		if len(want) <= len(have) && matches(pattern, strings.Join(have[:len(want)], "/")) {
			return true
		}
	}
	return false
}

// CheckPatterns finds a malformed pattern before it is relied on.
func CheckPatterns(patterns []string) error {
	for _, p := range patterns {
		if _, err := path.Match(p, ""); err != nil || p == "" || strings.HasPrefix(p, "/") {
			return &Error{Op: "use pattern", Path: p, Err: errors.New("it is malformed, empty or absolute; patterns are relative, with * ? [a-z]")}
		}
	}
	return nil
}

func matches(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}
