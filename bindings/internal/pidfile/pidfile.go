// Package pidfile reads, writes and removes pid files without trusting them.
//
// A pid file is a claim that anyone with write access to its directory can make,
// and it outlives the process that it names. So what Read returns is a number to
// be proved elsewhere (package proc), and everything that could hang the reader,
// lead it to another file or make it signal a stranger is refused with a reason:
// links, FIFOs, devices, numbers below 2, a second line, foreign owners.
package pidfile

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// maxSize is more than any pid with a newline; proc(5) allows seven digits.
const maxSize = 32

// maxPID is PID_MAX_LIMIT of 64-bit kernels.
const maxPID = 1 << 22

// File is what a pid file says.
type File struct {
	PID     int
	Path    string
	Owner   int // uid
	ModTime time.Time

	dev, ino uint64
}

// BadError says why a pid file is not believed. Nothing was signalled or changed.
type BadError struct {
	Path   string
	Reason string // such as "it is a symbolic link" or "it is empty"
}

// Error reads "cannot use the pidfile /run/x.pid: it is empty".
func (e *BadError) Error() string {
	return fmt.Sprintf("cannot use the pidfile %s: %s", e.Path, e.Reason)
}

func bad(path, format string, args ...any) error {
	return &BadError{Path: path, Reason: fmt.Sprintf(format, args...)}
}

// Read reads a pid file. It fails with [fs.ErrNotExist] if there is none and with
// a [*BadError] if it is not a plain file of this user, of root or of one of the
// owners given, with exactly one pid in it. It never blocks.
func Read(path string, owners ...int) (File, error) {
	const flags = unix.O_RDONLY | unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC
	if err := checkDir(path); err != nil {
		return File{}, err
	}
	if err := checkKind(path); err != nil { // a device may act when it is opened
		return File{}, err
	}
	fd, err := unix.Open(path, flags, 0)
	if err != nil {
		return File{}, openError(path, err)
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return File{}, fmt.Errorf("cannot read the pidfile %s: %w", path, err)
	}
	if err := checkStat(path, &st, owners); err != nil {
		return File{}, err
	}
	buf := make([]byte, maxSize+1)
	n, err := unix.Read(fd, buf)
	if err != nil {
		return File{}, fmt.Errorf("cannot read the pidfile %s: %w", path, err)
	}
	pid, err := parse(path, buf[:n])
	if err != nil {
		return File{}, err
	}
	return File{
		PID: pid, Path: path, Owner: int(st.Uid), ModTime: time.Unix(st.Mtim.Unix()),
		dev: uint64(st.Dev), ino: st.Ino,
	}, nil
}

func openError(path string, err error) error {
	switch {
	case errors.Is(err, unix.ENOENT):
		return fmt.Errorf("there is no pidfile %s: %w", path, fs.ErrNotExist)
	case errors.Is(err, unix.ELOOP):
		return bad(path, "it is a symbolic link")
	case errors.Is(err, unix.ENXIO):
		return bad(path, "it is a socket")
	}
	return fmt.Errorf("cannot read the pidfile %s: %w", path, err)
}

// checkKind looks at the name without opening what it stands for.
func checkKind(path string) error {
	var st unix.Stat_t
	if err := unix.Lstat(path, &st); err != nil {
		return openError(path, err)
	}
	if kind := kindOf(st.Mode); kind != "" {
		return bad(path, "it is a %s", kind)
	}
	return nil
}

func kindOf(mode uint32) string {
	switch mode & unix.S_IFMT {
	case unix.S_IFREG:
		return ""
	case unix.S_IFDIR:
		return "directory"
	case unix.S_IFLNK:
		return "symbolic link"
	case unix.S_IFIFO:
		return "FIFO"
	case unix.S_IFSOCK:
		return "socket"
	}
	return "device"
}

// checkStat holds the open file against the rules.
func checkStat(path string, st *unix.Stat_t, owners []int) error {
	uid := int(st.Uid)
	switch {
	case kindOf(st.Mode) != "":
		return bad(path, "it is a %s", kindOf(st.Mode))
	case uid != 0 && uid != os.Geteuid() && !slices.Contains(owners, uid):
		return bad(path, "it belongs to uid %d, not to root or uid %d", uid, os.Geteuid())
	case st.Nlink > 1:
		return bad(path, "it has %d hard links", st.Nlink)
	case st.Nlink == 0:
		return fmt.Errorf("there is no pidfile %s: %w", path, fs.ErrNotExist)
	case st.Size > maxSize:
		return bad(path, "it holds %d bytes, more than a pid", st.Size)
	}
	return nil
}

// parse takes exactly one decimal pid with at most one newline.
func parse(path string, raw []byte) (int, error) {
	text := bytes.TrimSuffix(raw, []byte("\n"))
	if len(text) == 0 {
		return 0, bad(path, "it is empty")
	}
	if bytes.ContainsRune(text, '\n') {
		return 0, bad(path, "it has more than one line")
	}
	pid, err := strconv.Atoi(string(text))
	switch {
	case err != nil || strconv.Itoa(pid) != string(text):
		return 0, bad(path, "it holds %.40q, not a pid", text)
	case pid < 0:
		return 0, bad(path, "it holds %d: a negative pid means a whole group", pid)
	case pid == 0:
		return 0, bad(path, "it holds 0, which is no process")
	case pid == 1:
		return 0, bad(path, "it names pid 1, the first process of the machine")
	case pid > maxPID:
		return 0, bad(path, "it holds %d, more than any pid", pid)
	}
	return pid, nil
}

// checkDir refuses a directory where anyone may swap the file: writable for all
// without the sticky bit that /tmp has.
func checkDir(path string) error {
	dir := filepath.Dir(path)
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no pidfile %s: its directory is missing: %w", path, fs.ErrNotExist)
	}
	if err != nil {
		return fmt.Errorf("cannot use the pidfile %s: %w", path, err)
	}
	if info.Mode().Perm()&0o002 != 0 && info.Mode()&fs.ModeSticky == 0 {
		return bad(path, "anyone may replace it, because %s is writable for all: chmod o-w %s", dir, dir)
	}
	return nil
}
