package files

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// HomeRoot is the root that relative paths belong to.
const HomeRoot = "home"

// Root is one named directory that scripts may work in.
type Root struct {
	Name string
	Dir  string // absolute
}

// Roots is an ordered set of named roots. Handles are opened when first needed
// and kept until Close. It is safe for concurrent use.
type Roots struct {
	list []*rootHandle
	mu   sync.Mutex
	old  []*os.Root // handles of directories that were replaced, see handle
}

type rootHandle struct {
	Root
	real string // Dir with its links resolved; filled in when first needed
	open *os.Root
	info fs.FileInfo
}

// Place is a resolved path: a root and the way below it.
type Place struct {
	Root string   // name of the root
	FS   *os.Root // open handle; owned by Roots, do not close
	Rel  string   // slash path below it; "." is the root itself
	Path string   // absolute, cleaned, for messages
}

// NewRoots checks the list: names unique and not empty, directories absolute.
// The directories need not exist yet.
func NewRoots(list []Root) (*Roots, error) {
	r := &Roots{}
	seen := map[string]bool{}
	for _, root := range list {
		if root.Name == "" || seen[root.Name] {
			return nil, fmt.Errorf("cannot set up roots: the name %q is empty or used twice", root.Name)
		}
		if !filepath.IsAbs(root.Dir) || strings.ContainsRune(root.Dir, 0) {
			return nil, fmt.Errorf("cannot set up root %q: %q is not an absolute path", root.Name, root.Dir)
		}
		seen[root.Name] = true
		r.list = append(r.list, &rootHandle{Root: Root{root.Name, filepath.Clean(root.Dir)}})
	}
	return r, nil
}

// List returns the roots in their order.
func (r *Roots) List() []Root {
	out := make([]Root, len(r.list))
	for i, h := range r.list {
		out[i] = h.Root
	}
	return out
}

// Close closes every handle. The Roots can not be used afterwards.
func (r *Roots) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var errs []error
	for _, h := range r.list {
		if h.open != nil {
			errs = append(errs, h.open.Close())
			h.open = nil
		}
	}
	for _, old := range r.old {
		errs = append(errs, old.Close())
	}
	r.old = nil
	return errors.Join(errs...)
}

// Locate finds the root of a path without touching the file system (but for
// roots that are links, see below): the longest matching root wins. A relative
// path belongs to the root "home". It returns *OutsideError when no root holds
// the path. Permission checks go by the name that it returns.
func (r *Roots) Locate(path string) (name, rel, abs string, err error) {
	h, rel, abs, err := r.locate(path)
	if err != nil {
		return "", "", "", err
	}
	return h.Name, rel, abs, nil
}

// Resolve locates the path and opens its root.
func (r *Roots) Resolve(path string) (Place, error) {
	h, rel, abs, err := r.locate(path)
	if err != nil {
		return Place{}, err
	}
	root, err := r.handle(h)
	if err != nil {
		return Place{}, fail("open root "+h.Name, h.Dir, err)
	}
	return Place{Root: h.Name, FS: root, Rel: rel, Path: abs}, nil
}

func (r *Roots) locate(path string) (*rootHandle, string, string, error) {
	if path == "" || strings.ContainsRune(path, 0) {
		return nil, "", "", &Error{Op: "use", Path: fmt.Sprintf("%q", path), Err: errors.New("the path is empty or holds a zero byte")}
	}
	abs := path
	if !filepath.IsAbs(path) {
		home := r.byName(HomeRoot)
		if home == nil {
			return nil, "", "", r.outside(path)
		}
		abs = filepath.Join(home.Dir, path)
	}
	abs = filepath.Clean(abs)
	if h, rel := r.match(abs, func(h *rootHandle) string { return h.Dir }); h != nil {
		return h, rel, abs, nil
	}
	// The path may be spelled with the real name of a root that is a link.
	if h, rel := r.match(abs, r.realDir); h != nil {
		return h, rel, abs, nil
	}
	return nil, "", "", r.outside(abs)
}

func (r *Roots) outside(path string) error {
	var names []string
	for _, h := range r.list {
		names = append(names, h.Name+"="+h.Dir)
	}
	return &OutsideError{Path: path, Roots: names}
}

func (r *Roots) byName(name string) *rootHandle {
	for _, h := range r.list {
		if h.Name == name {
			return h
		}
	}
	return nil
}

func (r *Roots) match(abs string, dirOf func(*rootHandle) string) (*rootHandle, string) {
	var best *rootHandle
	var bestRel string
	longest := -1
	for _, h := range r.list {
		dir := dirOf(h)
		if rel, ok := below(dir, abs); ok && len(dir) > longest {
			best, bestRel, longest = h, rel, len(dir)
		}
	}
	return best, bestRel
}

func (r *Roots) realDir(h *rootHandle) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if h.real == "" {
		h.real = h.Dir
		if real, err := filepath.EvalSymlinks(h.Dir); err == nil {
			h.real = real
		}
	}
	return h.real
}

// below returns the way from dir to abs; both are clean and absolute.
func below(dir, abs string) (string, bool) {
	if dir == "" {
		return "", false
	}
	if abs == dir {
		return ".", true
	}
	if dir == "/" {
		return abs[1:], true
	}
	if strings.HasPrefix(abs, dir) && abs[len(dir)] == '/' {
		return abs[len(dir)+1:], true
	}
	return "", false
}

// handle returns the open root. A restore swaps whole directories, so a kept
// handle may point at the directory that was moved aside: the identity is
// compared at every use (one stat) and the root reopened when it moved. The old
// handle stays open until Close, since another goroutine may still use it.
func (r *Roots) handle(h *rootHandle) (*os.Root, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now, err := os.Stat(h.Dir)
	if err != nil {
		return nil, err
	}
	if h.open != nil && os.SameFile(now, h.info) {
		return h.open, nil
	}
	root, err := os.OpenRoot(h.Dir)
	if err != nil {
		return nil, err
	}
	info, err := root.Stat(".")
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	if h.open != nil {
		r.old = append(r.old, h.open)
	}
	h.open, h.info = root, info
	return root, nil
}

// holdsRoot says whether removing abs would take a root away.
func (r *Roots) holdsRoot(abs string) bool {
	return slices.ContainsFunc(r.list, func(h *rootHandle) bool {
		_, under := below(abs, h.Dir)
		_, underReal := below(abs, r.realDir(h))
		return under || underReal
	})
}

// err puts the name of the root into an escape error and the path into others.
func (p Place) err(op string, err error) error {
	err = fail(op, p.Path, err)
	var oe *OutsideError
	if errors.As(err, &oe) && oe.Link {
		oe.Root, oe.Path = p.Root, p.Path
	}
	return err
}

// OpenPath opens what is at a path without touching it (O_PATH, open(2)): the
// descriptor stands for the very file that was found within its root, also of a
// socket or a device, and can be used as /proc/self/fd/N.
func (r *Roots) OpenPath(path string) (*os.File, error) {
	p, err := r.Resolve(path)
	if err != nil {
		return nil, err
	}
	f, err := p.FS.OpenFile(p.Rel, unix.O_PATH, 0)
	if err != nil {
		return nil, p.err("open", err)
	}
	return f, nil
}

// LeadsTo names the root that a path lies in once the symbolic links in it are
// followed, as far as it exists; "" when that is no root, in which case nothing
// can be opened there anyway.
func (r *Roots) LeadsTo(path string) string {
	_, _, abs, err := r.locate(path)
	if err != nil {
		return ""
	}
	rest := ""
	for at := abs; ; at = filepath.Dir(at) {
		real, err := filepath.EvalSymlinks(at)
		if err == nil {
			if h, _ := r.match(filepath.Join(real, rest), r.realDir); h != nil {
				return h.Name
			}
			return ""
		}
		if at == "/" {
			return ""
		}
		rest = filepath.Join(filepath.Base(at), rest)
	}
}
