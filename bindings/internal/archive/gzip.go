package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/gzip"

	"github.com/cortexlua/cortexlua/bindings/internal/files"
)

// Gzipped tells sizes and checksum of a packed file.
type Gzipped struct {
	Plain  int64  // bytes unpacked
	Packed int64  // bytes packed
	SHA256 string // of the unpacked content
}

// GzipFile packs src into the new file dst with the mode and time of src. dst
// appears only when it is on disk and, read back, has the content of src; src is
// not touched. ErrChanged if src was written meanwhile. The memory used does not
// depend on the size.
func GzipFile(ctx context.Context, src, dst string, level int) (Gzipped, error) {
	return convert(ctx, "pack", src, dst, func(in *os.File, out *files.Pending, info files.Info) (Gzipped, error) {
		h := newHash()
		pack := newPacker(out, level)
		n, err := io.CopyBuffer(onlyWriter{io.MultiWriter(pack, h)}, files.ContextReader(ctx, in), make([]byte, 256<<10))
		if err = errors.Join(err, pack.Close()); err != nil {
			return Gzipped{}, err
		}
		g := Gzipped{Plain: n, SHA256: h.hex()}
		fi, err := in.Stat()
		if err != nil {
			return g, err
		}
		if now := files.InfoOf(fi); now.Size != n || !now.ModTime.Equal(info.ModTime) {
			return g, &Error{Op: "pack", Path: src, Kind: ErrChanged, Hint: "pack a file only when nobody writes to it any more"}
		}
		back, err := readBack(ctx, out.File)
		if err == nil && (back.SHA256 != g.SHA256 || back.Plain != n) {
			err = fmt.Errorf("what was written to %s does not unpack to the same", dst)
		}
		return back, err
	})
}

// GunzipFile unpacks src into the new file dst, with mode and time of src. A
// damaged src gives ErrDamaged, one with more than limit bytes unpacked ErrLimit
// (0 is DefaultBytes); dst does not appear then.
func GunzipFile(ctx context.Context, src, dst string, limit int64) (Gzipped, error) {
	if limit <= 0 {
		limit = DefaultBytes
	}
	return convert(ctx, "unpack", src, dst, func(in *os.File, out *files.Pending, _ files.Info) (Gzipped, error) {
		return gunzip(ctx, src, in, out, limit)
	})
}

// VerifyGzip reads a gzip file to its end and tells its sizes and checksum.
func VerifyGzip(ctx context.Context, src string, limit int64) (Gzipped, error) {
	if limit <= 0 {
		limit = DefaultBytes
	}
	root, err := os.OpenRoot(filepath.Dir(src))
	if err != nil {
		return Gzipped{}, &Error{Op: "verify", Path: src, Err: err}
	}
	defer root.Close()
	f, _, err := files.OpenRegular(root, filepath.Base(src))
	if err != nil {
		return Gzipped{}, explain("verify", src, err)
	}
	defer f.Close()
	return gunzip(ctx, src, f, io.Discard, limit)
}

func readBack(ctx context.Context, f *os.File) (Gzipped, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return Gzipped{}, err
	}
	return gunzip(ctx, f.Name(), f, io.Discard, 1<<62)
}

func gunzip(ctx context.Context, name string, in io.Reader, out io.Writer, limit int64) (Gzipped, error) {
	raw := &rawReader{r: files.ContextReader(ctx, in)}
	bad := func(err error) (Gzipped, error) {
		if raw.err != nil {
			return Gzipped{}, &Error{Op: "unpack", Path: name, Err: raw.err}
		}
		return Gzipped{}, &Error{Op: "unpack", Path: name, Kind: ErrDamaged, Err: err}
	}
	gz, err := gzip.NewReader(raw)
	if err != nil {
		return bad(unexpected(err))
	}
	defer gz.Close()
	h := newHash()
	buf := make([]byte, 256<<10)
	var total int64
	for {
		n, rerr := gz.Read(buf)
		if total += int64(n); total > limit {
			return Gzipped{}, &Error{Op: "unpack", Path: name, Kind: ErrLimit, Why: fmt.Sprintf("more than %d bytes", limit)}
		}
		h.Write(buf[:n])
		if _, err := out.Write(buf[:n]); err != nil {
			return Gzipped{}, explain("write", name, err)
		}
		if errors.Is(rerr, io.EOF) {
			return Gzipped{Plain: total, Packed: raw.n, SHA256: h.hex()}, nil
		}
		if rerr != nil {
			return bad(rerr)
		}
	}
}

type converter func(in *os.File, out *files.Pending, info files.Info) (Gzipped, error)

// convert opens both ends, takes over mode and time, and lets the target appear
// when the work went well.
func convert(ctx context.Context, op, src, dst string, work converter) (Gzipped, error) {
	if ctx.Err() != nil {
		return Gzipped{}, &Error{Op: op, Path: src, Err: context.Cause(ctx)}
	}
	from, err := os.OpenRoot(filepath.Dir(src))
	if err != nil {
		return Gzipped{}, explain(op, src, err)
	}
	defer from.Close()
	to, err := os.OpenRoot(filepath.Dir(dst))
	if err != nil {
		return Gzipped{}, explain("write", dst, err)
	}
	defer to.Close()
	in, fi, err := files.OpenRegular(from, filepath.Base(src))
	if err != nil {
		return Gzipped{}, explain(op, src, err)
	}
	defer in.Close()
	info := files.InfoOf(fi)
	out, err := files.NewPending(to, filepath.Base(dst), files.WriteOptions{Mode: info.Mode.Perm(), Fresh: true})
	if err != nil {
		return Gzipped{}, explain("write", dst, err)
	}
	defer out.Abort()
	g, err := work(in, out, info)
	if err != nil {
		return Gzipped{}, explain(op, src, err)
	}
	if fi, err := out.Stat(); err == nil && op == "pack" {
		g.Packed = fi.Size()
	}
	if err := out.SetTimes(info.ModTime); err != nil {
		return Gzipped{}, explain("write", dst, err)
	}
	return g, explain("write", dst, out.Commit())
}
