package pidfile

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// LiveError says that a pid file names another live process.
type LiveError struct {
	Path string
	PID  int
	Who  string // what the caller's check said about it
}

// Error reads "cannot write the pidfile /run/x.pid: it names pid 4711, which lives: worker".
func (e *LiveError) Error() string {
	msg := fmt.Sprintf("cannot write the pidfile %s: it names pid %d, which lives", e.Path, e.PID)
	if e.Who != "" {
		msg += ": " + e.Who
	}
	return msg
}

// Check tells whether the process that a pid file names is a live instance of the
// daemon, and who it is, for messages. An error means "cannot tell".
type Check func(File) (live bool, who string, err error)

// Write makes path name pid. The file appears whole: it is written beside path,
// synced and renamed, which fails if another one came first. A file that is there
// already is replaced only if check calls its process dead; then
// both are exchanged in one step and the old one is looked at again, so that a
// file written meanwhile is put back. Fails with a [*LiveError] or [*BadError].
func Write(path string, pid int, check Check) error {
	if err := checkDir(path); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("cannot write the pidfile %s: %s does not exist: mkdir -p %s", path, filepath.Dir(path), filepath.Dir(path))
		}
		return err
	}
	temp, err := writeTemp(path, pid)
	if err != nil {
		return fmt.Errorf("cannot write the pidfile %s: %w", path, err)
	}
	defer os.Remove(temp)
	for range 3 {
		err = place(temp, path)
		if err == nil {
			return finish(path, temp)
		}
		if !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("cannot write the pidfile %s: %w", path, err)
		}
		replaced, err := replace(path, temp, pid, check)
		if err != nil {
			return err
		}
		if replaced {
			return finish(path, temp)
		}
	}
	return fmt.Errorf("cannot write the pidfile %s: it changes all the time; who else writes it?", path)
}

// place renames temp to path unless there is something. A file system that cannot
// (EINVAL) gets a second link instead, which a reader refuses for that instant.
func place(temp, path string) error {
	err := unix.Renameat2(unix.AT_FDCWD, temp, unix.AT_FDCWD, path, unix.RENAME_NOREPLACE)
	if errors.Is(err, unix.EINVAL) {
		return os.Link(temp, path)
	}
	return err
}

// writeTemp writes the file under a name of its own in the same directory.
func writeTemp(path string, pid int) (string, error) {
	temp := aside(path)
	file, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return "", err
	}
	_, err = file.WriteString(strconv.Itoa(pid) + "\n")
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		os.Remove(temp)
		return "", err
	}
	return temp, nil
}

// aside is a hidden name beside path that nobody else uses.
func aside(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"."+rand.Text()[:10])
}

// replace exchanges a stale file for ours. It reports false if the file changed
// under its hands and the caller should look again.
func replace(path, temp string, pid int, check Check) (bool, error) {
	old, err := Read(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	}
	if old.PID == pid {
		return true, nil
	}
	live, who, err := check(old)
	if err != nil {
		return false, fmt.Errorf("cannot write the pidfile %s: cannot tell whether pid %d lives: %w", path, old.PID, err)
	}
	if live {
		return false, &LiveError{Path: path, PID: old.PID, Who: who}
	}
	err = unix.Renameat2(unix.AT_FDCWD, temp, unix.AT_FDCWD, path, unix.RENAME_EXCHANGE)
	switch {
	case errors.Is(err, unix.ENOENT):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("cannot write the pidfile %s: %w", path, err)
	}
	if now, err := Read(temp); err == nil && now.PID == old.PID && now.ino == old.ino && now.dev == old.dev {
		return true, nil // what we took out is what was judged
	}
	err = unix.Renameat2(unix.AT_FDCWD, temp, unix.AT_FDCWD, path, unix.RENAME_EXCHANGE)
	if err != nil {
		return false, fmt.Errorf("cannot put back the pidfile %s: %w", path, err)
	}
	return false, nil
}

// finish drops what is left under the name of our own and makes the directory durable.
func finish(path, temp string) error {
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot write the pidfile %s: %w", path, err)
	}
	return syncDir(path)
}

func syncDir(path string) error {
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("cannot sync the directory of %s: %w", path, err)
	}
	defer dir.Close()
	if err := dir.Sync(); err != nil {
		return fmt.Errorf("cannot sync the directory of %s: %w", path, err)
	}
	return nil
}

// Remove removes a pid file if it names pid, and reports whether it did. A file
// that names another process, or none at all, is left alone and is no error; one
// that is refused (see [Read]) is left alone too, and the reason is the error.
//
// The file is moved aside before the last look, so that one which another daemon
// wrote in the meantime is put back instead of lost.
func Remove(path string, pid int, owners ...int) (bool, error) {
	file, err := Read(path, owners...)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	case file.PID != pid:
		return false, nil
	}
	temp := aside(path)
	err = unix.Renameat2(unix.AT_FDCWD, path, unix.AT_FDCWD, temp, unix.RENAME_NOREPLACE)
	switch {
	case errors.Is(err, unix.ENOENT):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("cannot remove the pidfile %s: %w", path, err)
	}
	if now, err := Read(temp, owners...); err != nil || now.PID != pid {
		err = unix.Renameat2(unix.AT_FDCWD, temp, unix.AT_FDCWD, path, unix.RENAME_NOREPLACE)
		if errors.Is(err, unix.EEXIST) { // a third one came; the newest stays
			err = os.Remove(temp)
		}
		if err != nil {
			return false, fmt.Errorf("cannot put back the pidfile %s: %w", path, err)
		}
		return false, nil
	}
	if err := os.Remove(temp); err != nil {
		return false, fmt.Errorf("cannot remove the pidfile %s: %w", path, err)
	}
	return true, nil
}

// RemoveStale removes a pid file whose process check calls dead, and returns the
// pid that it named, or 0 if there was nothing to remove.
func RemoveStale(path string, check Check, owners ...int) (int, error) {
	file, err := Read(path, owners...)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 0, nil
	case err != nil:
		return 0, err
	}
	live, _, err := check(file)
	switch {
	case err != nil:
		return 0, fmt.Errorf("cannot tell whether pid %d of %s lives: %w", file.PID, path, err)
	case live:
		return 0, nil
	}
	removed, err := Remove(path, file.PID, owners...)
	if !removed {
		return 0, err
	}
	return file.PID, nil
}
