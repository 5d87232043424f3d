package archive

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/cortexlua/cortexlua/bindings/internal/files"
)

// Source is one directory tree of a backup.
type Source struct {
	Name     string   // letters, digits, dot, dash, underscore
	Dir      string   // absolute
	Exclude  []string // see files.Excluded
	Optional bool     // a missing directory is left out without an error
}

// CreateOptions of Create.
type CreateOptions struct {
	Meta         map[string]string
	Level        int  // of gzip, 1 to 9; 0 is DefaultLevel
	FailOnChange bool // ErrChanged instead of a note in the manifest
	Now          func() time.Time
}

// Create writes the archive dst and its manifest. Neither exists before both
// are whole and on disk: the manifest appears last. An existing archive is never
// replaced. Files that change in size or time while they are read are listed in
// Manifest.Changed; FIFOs, sockets and devices are left out and listed in Skipped.
// Temporary files of this program are left out.
func Create(ctx context.Context, dst string, sources []Source, opts CreateOptions) (Manifest, error) {
	if err := checkSources(sources); err != nil {
		return Manifest{}, &Error{Op: "create", Path: dst, Err: err}
	}
	root, err := os.OpenRoot(filepath.Dir(dst))
	if err != nil {
		return Manifest{}, &Error{Op: "create", Path: dst, Err: err}
	}
	defer root.Close()
	side, err := writeArchive(ctx, root, dst, sources, opts)
	if err != nil {
		var ae *Error
		if errors.As(err, &ae) {
			return Manifest{}, err
		}
		return Manifest{}, &Error{Op: "create", Path: dst, Err: explain("write", dst, err)}
	}
	if err := writeSidecar(root, dst, side); err != nil {
		root.Remove(filepath.Base(dst))
		return Manifest{}, &Error{Op: "create", Path: dst, Err: explain("write", dst+SidecarSuffix, err)}
	}
	return side.Manifest, nil
}

func checkSources(sources []Source) error {
	seen := map[string]bool{}
	name := regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]*$`)
	for _, s := range sources {
		if !name.MatchString(s.Name) || s.Name == manifestName || seen[s.Name] {
			return fmt.Errorf("the name of source %q is not usable or used twice", s.Name)
		}
		if !filepath.IsAbs(s.Dir) {
			return fmt.Errorf("the directory %q of source %s is not absolute", s.Dir, s.Name)
		}
		if err := files.CheckPatterns(s.Exclude); err != nil {
			return err
		}
		seen[s.Name] = true
	}
	if len(sources) == 0 {
		return errors.New("no sources were named")
	}
	return nil
}

func writeArchive(ctx context.Context, root *os.Root, dst string, sources []Source, opts CreateOptions) (sidecar, error) {
	pend, err := files.NewPending(root, filepath.Base(dst), files.WriteOptions{Mode: 0o600, Fresh: true})
	if err != nil {
		return sidecar{}, err
	}
	defer pend.Abort()
	out := &counter{w: pend, sum: sha256.New()}
	w := &writer{out: out, pack: newPacker(out, opts.Level), opts: opts}
	w.tar = tar.NewWriter(w.pack)
	w.m = Manifest{Format: formatVersion, Created: now(opts).UTC().Truncate(time.Millisecond), Meta: opts.Meta, Sources: []string{}, Entries: []Entry{}}
	err = w.all(ctx, sources)
	if cerr := w.pack.Close(); err == nil {
		err = cerr
	}
	if err == nil && opts.FailOnChange && len(w.m.Changed) > 0 {
		err = &Error{Op: "create", Path: dst, Kind: ErrChanged, Entry: w.m.Changed[0], Why: fmt.Sprintf("%d in all", len(w.m.Changed)),
			Hint: "stop what writes them first"}
	}
	if err == nil {
		err = pend.Commit()
	}
	return sidecar{Archive: filepath.Base(dst), Size: out.n, SHA256: hex.EncodeToString(out.sum.Sum(nil)), Manifest: w.m}, err
}

func now(opts CreateOptions) time.Time {
	if opts.Now != nil {
		return opts.Now()
	}
	return time.Now()
}

func writeSidecar(root *os.Root, dst string, side sidecar) error {
	data, err := side.encode()
	if err != nil {
		return err
	}
	pend, err := files.NewPending(root, filepath.Base(dst)+SidecarSuffix, files.WriteOptions{Mode: 0o600})
	if err != nil {
		return err
	}
	defer pend.Abort()
	if _, err := pend.Write(data); err != nil {
		return err
	}
	return pend.Commit()
}

type counter struct {
	w   io.Writer
	sum hash.Hash
	n   int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.sum.Write(b[:n])
	c.n += int64(n)
	return n, err
}

type writer struct {
	out  *counter
	pack *packer
	tar  *tar.Writer
	opts CreateOptions
	m    Manifest
	buf  []byte
}

func (w *writer) all(ctx context.Context, sources []Source) error {
	w.buf = make([]byte, 256<<10)
	for _, s := range sources {
		if err := w.source(ctx, s); err != nil {
			return err
		}
	}
	data, err := w.m.encode()
	if err != nil {
		return err
	}
	h := &tar.Header{Name: manifestName, Typeflag: tar.TypeReg, Mode: 0o600, Size: int64(len(data)), ModTime: w.m.Created}
	if err := w.tar.WriteHeader(h); err != nil {
		return err
	}
	if _, err := w.tar.Write(data); err != nil {
		return err
	}
	return w.tar.Close()
}

func (w *writer) source(ctx context.Context, s Source) error {
	root, err := os.OpenRoot(s.Dir)
	if errors.Is(err, fs.ErrNotExist) && s.Optional {
		return nil
	}
	if err != nil {
		return err
	}
	defer root.Close()
	w.m.Sources = append(w.m.Sources, s.Name)
	return files.WalkTree(ctx, root, ".", files.WalkOptions{Exclude: s.Exclude}, func(dir *os.Root, e files.Entry) error {
		if files.IsTemp(path.Base(e.Rel)) {
			return nil
		}
		name := path.Join(s.Name, e.Rel)
		switch e.Info.Type {
		case files.TypeDir:
			return w.header(name, e.Info, "")
		case files.TypeLink:
			return w.link(dir, name, e)
		case files.TypeFile:
			return w.file(ctx, dir, name, e)
		}
		w.m.Skipped = append(w.m.Skipped, name)
		return nil
	})
}

func (w *writer) link(dir *os.Root, name string, e files.Entry) error {
	target, err := dir.Readlink(e.Name)
	if errors.Is(err, fs.ErrNotExist) {
		return w.changed(name)
	}
	if err != nil {
		return err
	}
	return w.header(name, e.Info, target)
}

func (w *writer) changed(name string) error {
	w.m.Changed = append(w.m.Changed, name)
	return nil
}

// header writes the tar header and notes the entry. Times are cut to seconds in
// the tar (nanoseconds would cost an extra kilobyte each); the manifest has them
// in full.
func (w *writer) header(name string, info files.Info, target string) error {
	flag := byte(tar.TypeReg)
	tarName := name
	e := Entry{Path: name, Type: info.Type, Mode: octal(info.Mode), UID: info.UID, GID: info.GID, ModTime: info.ModTime.UTC(), Target: target}
	switch info.Type {
	case files.TypeDir:
		flag, tarName = tar.TypeDir, name+"/"
	case files.TypeLink:
		flag = tar.TypeSymlink
	default:
		e.Size = info.Size
	}
	bits, err := parseTarMode(e.Mode)
	if err != nil {
		return err
	}
	w.m.Entries = append(w.m.Entries, e)
	return w.tar.WriteHeader(&tar.Header{Typeflag: flag, Name: tarName, Linkname: target, Size: e.Size, Mode: bits,
		Uid: e.UID, Gid: e.GID, ModTime: e.ModTime.Truncate(time.Second)})
}

// file reads exactly the size that the header promised. A file that grew keeps
// its first part; one that shrank is filled up with zero bytes. Both are told.
func (w *writer) file(ctx context.Context, dir *os.Root, name string, e files.Entry) error {
	f, fi, err := files.OpenRegular(dir, e.Name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, files.ErrNotRegular) {
		return w.changed(name)
	}
	if err != nil {
		return err
	}
	defer f.Close()
	before := files.InfoOf(fi)
	if before.Inode != e.Info.Inode || before.Dev != e.Info.Dev {
		w.changed(name) // replaced since it was listed; the new one is taken
	}
	if err := w.header(name, before, ""); err != nil {
		return err
	}
	sum := sha256.New()
	body := io.LimitReader(files.ContextReader(ctx, f), before.Size)
	n, err := io.CopyBuffer(onlyWriter{io.MultiWriter(w.tar, sum)}, body, w.buf)
	if err != nil {
		return err
	}
	if err := w.pad(before.Size-n, sum); err != nil {
		return err
	}
	fi, err = f.Stat()
	if err != nil {
		return err
	}
	after := files.InfoOf(fi)
	if (after.Size != before.Size || !after.ModTime.Equal(before.ModTime)) && !slices.Contains(w.m.Changed, name) {
		w.changed(name)
	}
	w.m.Entries[len(w.m.Entries)-1].SHA256 = hex.EncodeToString(sum.Sum(nil))
	return nil
}

func (w *writer) pad(missing int64, sum hash.Hash) error {
	zero := make([]byte, 4096)
	for missing > 0 {
		part := zero[:min(missing, int64(len(zero)))]
		sum.Write(part)
		if _, err := w.tar.Write(part); err != nil {
			return err
		}
		missing -= int64(len(part))
	}
	return nil
}

// onlyWriter hides other methods, so that io.CopyBuffer uses its buffer.
type onlyWriter struct{ io.Writer }

func parseTarMode(text string) (int64, error) {
	var bits int64
	_, err := fmt.Sscanf(strings.TrimSpace(text), "%o", &bits)
	return bits, err
}
