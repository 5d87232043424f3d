// Package statefile keeps the small files that cortexlua itself writes in a home:
// records of daemons, locks. They are private to the user who runs it.
package statefile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// maxSize bounds what is read: these files are a few hundred bytes.
const maxSize = 64 << 10

// ErrBad says that what stands at a path is no file of ours.
var ErrBad = errors.New("it is not a file that cortexlua wrote")

// Read reads a regular file without following a link and without ever waiting.
// It fails with fs.ErrNotExist if there is none, and with [ErrBad] if there is
// something else.
func Read(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	switch {
	case errors.Is(err, unix.ENOTDIR):
		return nil, fmt.Errorf("%s: %w", path, fs.ErrNotExist)
	case errors.Is(err, unix.ELOOP), errors.Is(err, unix.ENXIO):
		return nil, fmt.Errorf("%s: %w", path, ErrBad)
	case err != nil:
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: %w", path, ErrBad)
	}
	if info.Size() > maxSize {
		return nil, fmt.Errorf("%s: %w: it is larger than %d bytes", path, ErrBad, maxSize)
	}
	return io.ReadAll(io.LimitReader(f, maxSize))
}

// Write puts data at path by a rename, so that a reader sees the old content or
// the new one. It makes the folders above.
func Write(path string, data []byte) error {
	if err := MakeDir(filepath.Dir(path)); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".tmp-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// Remove removes a file; that it is gone already is no error.
func Remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// MakeDir makes a folder of the state and those above it.
func MakeDir(dir string) error {
	if _, err := os.Lstat(dir); err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("cannot make the state folder: %w", err)
	}
	return nil
}

// Ignore writes the .gitignore of the top folder of the state, which may lie in a
// git work tree and must not show there.
func Ignore(dir string) error {
	path := filepath.Join(dir, ".gitignore")
	if _, err := os.Lstat(path); err == nil {
		return nil
	}
	if err := MakeDir(dir); err != nil {
		return err
	}
	return os.WriteFile(path, []byte("# Written by cortexlua: what is in here belongs to this machine.\n*\n"), 0o600)
}
