package archive

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip"

	"github.com/cortexlua/cortexlua/bindings/internal/files"
)

// stream is an opened archive that is read once from front to end.
type stream struct {
	op, path string
	file     *os.File
	size     int64
	raw      *rawReader
	gz       *gzip.Reader
	tar      *tar.Reader
	plain    int64 // unpacked bytes so far
}

// rawReader sums up the packed bytes on their way.
type rawReader struct {
	r   io.Reader
	sum hash.Hash // nil where only the count is wanted
	n   int64
	err error // of reading: the disk or the context, not the content
}

func (r *rawReader) Read(b []byte) (int, error) {
	n, err := r.r.Read(b)
	if r.sum != nil {
		r.sum.Write(b[:n])
	}
	r.n += int64(n)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}

func openStream(ctx context.Context, op, name string) (*stream, error) {
	root, err := os.OpenRoot(filepath.Dir(name))
	if err != nil {
		return nil, &Error{Op: op, Path: name, Err: err}
	}
	defer root.Close()
	f, fi, err := files.OpenRegular(root, filepath.Base(name))
	if err != nil {
		return nil, &Error{Op: op, Path: name, Err: explain("read", name, err)}
	}
	s := &stream{op: op, path: name, file: f, size: fi.Size()}
	s.raw = &rawReader{r: files.ContextReader(ctx, f), sum: sha256.New()}
	s.gz, err = gzip.NewReader(s.raw)
	if err != nil {
		f.Close()
		return nil, s.damaged("", "the gzip header", err)
	}
	s.tar = tar.NewReader(plainReader{s})
	return s, nil
}

type plainReader struct{ s *stream }

func (p plainReader) Read(b []byte) (int, error) {
	n, err := p.s.gz.Read(b)
	p.s.plain += int64(n)
	return n, err
}

func (s *stream) close() {
	s.gz.Close()
	s.file.Close()
}

func (s *stream) damaged(entry, why string, err error) error {
	if s.raw.err != nil {
		return &Error{Op: s.op, Path: s.path, Err: s.raw.err}
	}
	return &Error{Op: s.op, Path: s.path, Kind: ErrDamaged, Entry: entry, Why: why, Err: err, Hint: "choose another archive"}
}

func (s *stream) unsafe(entry, why string) error {
	return &Error{Op: s.op, Path: s.path, Kind: ErrUnsafe, Entry: fmt.Sprintf("%q", entry), Why: why}
}

// cleanName checks the name of an entry and brings it into one form.
func (s *stream) cleanName(name string) (string, error) {
	if name == "" || strings.ContainsRune(name, 0) {
		return "", s.unsafe(name, "the name is empty or holds a zero byte")
	}
	if path.IsAbs(name) {
		return "", s.unsafe(name, "the name is absolute")
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return "", s.unsafe(name, "the name climbs out with ..")
		}
	}
	return path.Clean(name), nil
}

// entryOf describes a header; ok is false for kinds that carry no file.
func (s *stream) entryOf(h *tar.Header) (e Entry, ok bool, err error) {
	if h.Typeflag == tar.TypeXGlobalHeader {
		return Entry{}, false, nil
	}
	name, err := s.cleanName(h.Name)
	if err != nil {
		return Entry{}, false, err
	}
	e = Entry{Path: name, Mode: fmt.Sprintf("%04o", h.Mode&0o7777), UID: h.Uid, GID: h.Gid, ModTime: h.ModTime}
	switch h.Typeflag {
	case tar.TypeReg:
		e.Type, e.Size = files.TypeFile, h.Size
	case tar.TypeDir:
		e.Type = files.TypeDir
	case tar.TypeSymlink:
		e.Type, e.Target = files.TypeLink, h.Linkname
	case tar.TypeLink:
		e.Type = typeHard
		if e.Target, err = s.cleanName(h.Linkname); err != nil {
			return Entry{}, false, err
		}
	default:
		return Entry{}, false, s.unsafe(h.Name, fmt.Sprintf("it is a device, FIFO or another special file (type %q)", h.Typeflag))
	}
	return e, true, nil
}

// typeHard is a further name of a file; our own archives have none.
const typeHard = "hardlink"

// sink takes the entries of an archive; body is set for files only and must be
// read to its end.
type sink func(e Entry, body io.Reader) error

// verified reads an archive against its manifest, entry by entry, and hands each
// to the sink as the manifest has it. What the sink got is only to be used when
// verified returns nil: the last bytes of the archive are proved last.
func verified(ctx context.Context, op, name string, to sink) (Manifest, error) {
	side, err := readSidecar(op, name)
	if err != nil {
		return Manifest{}, err
	}
	s, err := openStream(ctx, op, name)
	if err != nil {
		return Manifest{}, firstEntry(err, side.Manifest)
	}
	defer s.close()
	for i := range side.Manifest.Entries {
		if err := s.checked(side.Manifest.Entries[i], to); err != nil {
			return Manifest{}, err
		}
	}
	if err := s.manifestEntry(side.Manifest); err != nil {
		return Manifest{}, err
	}
	return side.Manifest, s.end(&side)
}

func firstEntry(err error, m Manifest) error {
	var e *Error
	if errors.As(err, &e) && e.Kind == ErrDamaged && e.Entry == "" && len(m.Entries) > 0 {
		e.Entry = m.Entries[0].Path
	}
	return err
}

func (s *stream) checked(want Entry, to sink) error {
	h, err := s.tar.Next()
	if err != nil {
		return s.damaged(want.Path, "", unexpected(err))
	}
	have, ok, err := s.entryOf(h)
	if err != nil {
		return s.damaged(want.Path, "", err)
	}
	if !ok || have.Path != want.Path || have.Type != want.Type || have.Mode != want.Mode || have.Size != want.Size || have.Target != want.Target {
		return s.damaged(want.Path, "the archive has another entry than the manifest", nil)
	}
	if want.Type != files.TypeFile {
		return to(want, nil)
	}
	sum := sha256.New()
	if err := to(want, &entryReader{io.TeeReader(s.tar, sum), s, want.Path}); err != nil {
		return err
	}
	if hex.EncodeToString(sum.Sum(nil)) != want.SHA256 {
		return s.damaged(want.Path, "its content does not match the checksum", nil)
	}
	return nil
}

// entryReader makes errors of reading tell the entry, so that a sink which hands
// them on needs no knowledge of it.
type entryReader struct {
	r    io.Reader
	s    *stream
	name string
}

func (e *entryReader) Read(b []byte) (int, error) {
	n, err := e.r.Read(b)
	if err != nil && err != io.EOF {
		err = e.s.damaged(e.name, "", err)
	}
	return n, err
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (s *stream) manifestEntry(m Manifest) error {
	h, err := s.tar.Next()
	if err != nil {
		return s.damaged(manifestName, "", unexpected(err))
	}
	want, err := m.encode()
	if err != nil {
		return s.damaged(manifestName, "", err)
	}
	if h.Name != manifestName || h.Typeflag != tar.TypeReg || h.Size != int64(len(want)) {
		return s.damaged(manifestName, "it differs from the manifest beside the archive", nil)
	}
	have := make([]byte, len(want))
	if _, err := io.ReadFull(s.tar, have); err != nil {
		return s.damaged(manifestName, "", unexpected(err))
	}
	if !bytes.Equal(want, have) {
		return s.damaged(manifestName, "it differs from the manifest beside the archive", nil)
	}
	return nil
}

// end proves that nothing follows and, with a sidecar, that every packed byte is
// as it was written.
func (s *stream) end(side *sidecar) error {
	if _, err := s.tar.Next(); !errors.Is(err, io.EOF) {
		return s.damaged("", "there is more in it than the manifest says", nil)
	}
	// Padding behind the tar, then the checksum of the last gzip member.
	const padding = 1 << 20
	rest, err := io.Copy(io.Discard, io.LimitReader(s.gz, padding))
	if err != nil || rest == padding {
		return s.damaged("", "the end of the file", err)
	}
	if _, err := io.Copy(io.Discard, s.raw); err != nil {
		return s.damaged("", "the end of the file", err)
	}
	if side == nil {
		return nil
	}
	if s.raw.n != side.Size || hex.EncodeToString(s.raw.sum.Sum(nil)) != side.SHA256 {
		return s.damaged("", "every entry is right, but the file is not the one that was written (gzip header or end)", nil)
	}
	return nil
}

// Verify reads the whole archive and compares it with its manifest. A damaged
// one gives ErrDamaged and names the first bad file.
func Verify(ctx context.Context, name string) (Manifest, error) {
	return verified(ctx, "verify", name, func(_ Entry, body io.Reader) error {
		if body == nil {
			return nil
		}
		_, err := io.Copy(io.Discard, body)
		return err
	})
}
