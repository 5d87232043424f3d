package files

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// DefaultReadLimit is how much Read takes when no limit is given.
const DefaultReadLimit = 16 << 20

// OpenRegular opens a regular file for reading. It looks before it opens,
// because opening alone can act on a device, opens with O_NONBLOCK, because a
// FIFO without a writer would hang, and looks again at what it got.
func OpenRegular(root *os.Root, rel string) (*os.File, fs.FileInfo, error) {
	fi, err := root.Stat(rel)
	if err != nil {
		return nil, nil, err
	}
	if err := regular(rel, fi); err != nil {
		return nil, nil, err
	}
	f, err := root.OpenFile(rel, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, nil, err
	}
	if fi, err = f.Stat(); err == nil {
		err = regular(rel, fi)
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, fi, nil
}

func regular(path string, fi fs.FileInfo) error {
	switch {
	case fi.Mode().IsRegular():
		return nil
	case fi.IsDir():
		return refuse("read", path, ErrIsDir, "name a file")
	}
	return refuse("read", path, ErrNotRegular, "it is a "+typeOf(fi.Mode()))
}

// Read returns the content of a regular file of at most limit bytes (0 means
// DefaultReadLimit); a longer one gives ErrTooLarge, never a cut-off content.
func (r *Roots) Read(path string, limit int64) ([]byte, error) {
	p, err := r.Resolve(path)
	if err != nil {
		return nil, err
	}
	data, err := ReadFile(p.FS, p.Rel, limit)
	return data, p.err("read", repath(err, p.Path))
}

// ReadFile is Read below an open root.
func ReadFile(root *os.Root, rel string, limit int64) ([]byte, error) {
	if limit <= 0 {
		limit = DefaultReadLimit
	}
	f, fi, err := OpenRegular(root, rel)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if fi.Size() > limit {
		return nil, tooLarge(rel, fi.Size(), limit)
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, tooLarge(rel, int64(len(data)), limit)
	}
	return data, nil
}

func tooLarge(path string, size, limit int64) error {
	return refuse("read", path, ErrTooLarge, fmt.Sprintf("it has %d bytes or more and the limit is %d; raise the limit or read the end with tail", size, limit))
}

// repath gives an error made below a root the full path.
func repath(err error, path string) error {
	var fe *Error
	if errors.As(err, &fe) && !filepath.IsAbs(fe.Path) {
		fe.Path = path
	}
	return err
}

// under does the same for an error that names a path below the start of a walk.
func under(err error, base string) error {
	var fe *Error
	if errors.As(err, &fe) && !filepath.IsAbs(fe.Path) {
		fe.Path = filepath.Join(base, fe.Path)
	}
	return err
}
