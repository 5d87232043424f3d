package archive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"time"

	"github.com/cortexlua/cortexlua/bindings/internal/files"
)

// Limits of Extract; zero values mean the defaults.
type Limits struct {
	Entries int   // DefaultEntries
	Bytes   int64 // of all files together: DefaultBytes
	Ratio   int64 // unpacked to packed, from 16 MiB unpacked on: DefaultRatio
}

// Defaults of Limits. gzip cannot pack better than 1 to 1032, so a ratio near
// that is no file that anybody wrote; logs reach 1 to 30, rarely 1 to 100.
const (
	DefaultEntries = 1_000_000
	DefaultBytes   = 16 << 30
	DefaultRatio   = 250
	ratioFrom      = 16 << 20
)

func (l Limits) orDefault() Limits {
	if l.Entries <= 0 {
		l.Entries = DefaultEntries
	}
	if l.Bytes <= 0 {
		l.Bytes = DefaultBytes
	}
	if l.Ratio <= 0 {
		l.Ratio = DefaultRatio
	}
	return l
}

// Extract unpacks any tar.gz, our own or not, into dst, a directory that is
// empty or does not exist yet. Set-id bits and owners are not taken over. If the
// archive holds our manifest as its last entry, what was unpacked is compared
// with it. On failure dst is as it was. The result lists what was unpacked.
func Extract(ctx context.Context, name, dst string, lim Limits) (Manifest, error) {
	root, undo, err := emptyDir("unpack", name, dst)
	if err != nil {
		return Manifest{}, err
	}
	defer root.Close()
	m, err := extract(ctx, name, root, lim.orDefault())
	if err != nil {
		undo()
		return Manifest{}, err
	}
	return m, nil
}

// emptyDir opens dst, made if needed, and returns what brings it back.
func emptyDir(op, name, dst string) (*os.Root, func(), error) {
	fail := func(err error) (*os.Root, func(), error) {
		return nil, nil, &Error{Op: op, Path: name, Err: explain("unpack to", dst, err)}
	}
	err := os.Mkdir(dst, 0o755)
	made := err == nil
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fail(err)
	}
	root, err := os.OpenRoot(dst)
	if err != nil {
		return fail(err)
	}
	list, err := fs.ReadDir(root.FS(), ".")
	if err == nil && len(list) > 0 {
		err = &files.Error{Op: "unpack to", Path: dst, Kind: files.ErrNotEmpty, Hint: "name a new directory"}
	}
	if err != nil {
		root.Close()
		return fail(err)
	}
	return root, func() {
		list, _ := fs.ReadDir(root.FS(), ".")
		for _, e := range list {
			root.RemoveAll(e.Name())
		}
		if made {
			os.Remove(dst)
		}
	}, nil
}

func extract(ctx context.Context, name string, root *os.Root, lim Limits) (Manifest, error) {
	s, err := openStream(ctx, "unpack", name)
	if err != nil {
		return Manifest{}, err
	}
	defer s.close()
	x := newUnpacker(root)
	var m Manifest
	var inside *Manifest
	var total int64
	for {
		h, err := s.tar.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Manifest{}, s.damaged("", "", err)
		}
		if inside != nil {
			return Manifest{}, s.damaged(h.Name, "it comes after the manifest", nil)
		}
		e, ok, err := s.entryOf(h)
		if err != nil {
			return Manifest{}, err
		}
		if !ok {
			continue
		}
		if total += e.Size; len(m.Entries) >= lim.Entries || total > lim.Bytes {
			return Manifest{}, &Error{Op: s.op, Path: name, Kind: ErrLimit, Entry: e.Path, Why: fmt.Sprintf("limits are %d entries and %d bytes", lim.Entries, lim.Bytes)}
		}
		body := &limitedBody{r: s.tar, s: s, ratio: lim.Ratio, name: e.Path}
		if e.Path == manifestName && e.Type == files.TypeFile {
			if inside, err = readInside(s, body, e.Size); err != nil {
				return Manifest{}, err
			}
			continue
		}
		if err := s.unpackOne(x, &e, body); err != nil {
			return Manifest{}, err
		}
		m.Entries = append(m.Entries, e)
	}
	if err := s.end(nil); err != nil {
		return Manifest{}, err
	}
	if err := x.finish(); err != nil {
		return Manifest{}, &Error{Op: s.op, Path: name, Err: err}
	}
	return s.compare(m, inside)
}

func (s *stream) unpackOne(x *unpacker, e *Entry, body io.Reader) error {
	if e.Type == files.TypeLink && !files.LinkStaysInside(e.Path, e.Target) {
		return s.unsafe(e.Path, fmt.Sprintf("it is a link that leads out, to %q", e.Target))
	}
	sum, err := x.put(*e, e.Path, body)
	var ae *Error
	switch {
	case err == nil:
		e.SHA256 = sum
		return nil
	case errors.As(err, &ae):
		return err
	case errors.Is(err, fs.ErrExist):
		return s.unsafe(e.Path, "it comes twice")
	}
	var oe *files.OutsideError
	if err = explain("write", e.Path, err); errors.As(err, &oe) {
		return s.unsafe(e.Path, "it goes through a link that leads out")
	}
	return &Error{Op: s.op, Path: s.path, Entry: e.Path, Err: err}
}

// limitedBody stops a file that unpacks to far more than it was packed from.
type limitedBody struct {
	r     io.Reader
	s     *stream
	ratio int64
	name  string
}

func (l *limitedBody) Read(b []byte) (int, error) {
	n, err := l.r.Read(b)
	if l.s.plain > ratioFrom && l.s.plain/max(1, l.s.raw.n) > l.ratio {
		return n, &Error{Op: l.s.op, Path: l.s.path, Kind: ErrLimit, Entry: l.name, Why: fmt.Sprintf("it unpacks to more than %d times its size", l.ratio)}
	}
	if err != nil && err != io.EOF {
		err = l.s.damaged(l.name, "", err)
	}
	return n, err
}

func readInside(s *stream, r io.Reader, size int64) (*Manifest, error) {
	if size > maxManifest {
		return nil, &Error{Op: s.op, Path: s.path, Kind: ErrLimit, Entry: manifestName}
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	m := new(Manifest)
	if err := json.Unmarshal(data, m); err != nil || m.Format != formatVersion {
		return nil, s.damaged(manifestName, "it cannot be read", err)
	}
	return m, nil
}

// compare gives the full manifest if the archive has one and it agrees.
func (s *stream) compare(found Manifest, inside *Manifest) (Manifest, error) {
	if inside == nil {
		return found, nil
	}
	same := func(a, b Entry) bool {
		return a.Path == b.Path && a.Type == b.Type && a.Mode == b.Mode && a.Size == b.Size && a.SHA256 == b.SHA256 && a.Target == b.Target
	}
	for i, want := range inside.Entries {
		if i >= len(found.Entries) || !same(want, found.Entries[i]) {
			return Manifest{}, s.damaged(want.Path, "it is not as the manifest says", nil)
		}
	}
	if len(found.Entries) > len(inside.Entries) {
		return Manifest{}, s.damaged(found.Entries[len(inside.Entries)].Path, "the manifest does not have it", nil)
	}
	return *inside, nil
}

// unpacker writes entries below a root.
type unpacker struct {
	root  *os.Root
	exact bool // owners and set-id bits too: for our own verified backups
	buf   []byte
	dirs  []pendingDir
}

type pendingDir struct {
	rel string
	e   Entry
}

func newUnpacker(root *os.Root) *unpacker {
	return &unpacker{root: root, buf: make([]byte, 256<<10)}
}

// put writes one entry at rel and returns the SHA-256 of a file's content.
func (x *unpacker) put(e Entry, rel string, body io.Reader) (string, error) {
	if rel != "." {
		if err := x.parents(path.Dir(rel)); err != nil {
			return "", err
		}
	}
	switch e.Type {
	case files.TypeDir:
		x.dirs = append(x.dirs, pendingDir{rel, e})
		if rel == "." {
			return "", nil
		}
		err := x.root.Mkdir(rel, 0o700)
		if fi, lerr := x.root.Lstat(rel); errors.Is(err, fs.ErrExist) && lerr == nil && fi.IsDir() {
			err = nil // made for something below it that came first
		}
		return "", err
	case files.TypeLink:
		return "", x.root.Symlink(e.Target, rel)
	case typeHard:
		return "", x.root.Link(e.Target, rel)
	}
	return x.file(e, rel, body)
}

// parents makes what foreign archives may leave out.
func (x *unpacker) parents(dir string) error {
	if dir == "." {
		return nil
	}
	if fi, err := x.root.Lstat(dir); err == nil && fi.IsDir() {
		return nil
	}
	return x.root.MkdirAll(dir, 0o755)
}

func (x *unpacker) file(e Entry, rel string, body io.Reader) (sum string, err error) {
	f, err := x.root.OpenFile(rel, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	h := newHash()
	n, err := io.CopyBuffer(onlyWriter{io.MultiWriter(f, h)}, body, x.buf)
	if err != nil {
		return "", err
	}
	if n != e.Size {
		return "", io.ErrUnexpectedEOF
	}
	return h.hex(), x.attributes(rel, e)
}

func (x *unpacker) attributes(rel string, e Entry) error {
	mode, err := parseOctal(e.Mode)
	if err != nil {
		return err
	}
	if !x.exact {
		if err := x.root.Chmod(rel, mode.Perm()); err != nil {
			return err
		}
		return x.root.Chtimes(rel, time.Time{}, e.ModTime)
	}
	return files.SetAttributes(x.root, rel, files.Info{Mode: mode, UID: e.UID, GID: e.GID, ModTime: e.ModTime})
}

// finish sets modes and times of directories, deepest first: a directory may be
// read-only, and filling it changes its time.
func (x *unpacker) finish() error {
	slices.SortStableFunc(x.dirs, func(a, b pendingDir) int { return len(b.rel) - len(a.rel) })
	for _, d := range x.dirs {
		if err := x.attributes(d.rel, d.e); err != nil {
			return err
		}
	}
	return nil
}
