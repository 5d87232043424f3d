package proc

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// maxProcFile bounds what is read of a command line or an environment. The kernel
// allows arguments and environment of 2 MiB by default (execve(2)); a daemon's
// own are far smaller, and the cookie stands first.
const maxProcFile = 1 << 20

// openProc opens /proc/PID/name. It builds the path on the stack and calls the
// kernel directly, because a scan opens hundreds of these files.
func openProc(pid int, name string) (int, error) {
	var space [64]byte
	path := append(space[:0], "/proc/"...)
	path = strconv.AppendInt(path, int64(pid), 10)
	path = append(path, '/')
	path = append(path, name...)
	path = append(path, 0)
	cwd := unix.AT_FDCWD
	for {
		fd, _, errno := unix.Syscall6(unix.SYS_OPENAT, uintptr(cwd),
			uintptr(unsafe.Pointer(&path[0])), unix.O_RDONLY|unix.O_CLOEXEC, 0, 0, 0)
		switch errno {
		case 0:
			return int(fd), nil
		case unix.EINTR:
		default:
			return -1, errno
		}
	}
}

// readProc fills buf from /proc/PID/name in one pass and returns the length.
func readProc(pid int, name string, buf []byte) (int, error) {
	fd, err := openProc(pid, name)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	total := 0
	for total < len(buf) {
		n, err := unix.Read(fd, buf[total:])
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return 0, err
		}
		if n == 0 {
			break
		}
		total += n
	}
	return total, nil
}

// readProcAll reads /proc/PID/name up to maxProcFile bytes.
func readProcAll(pid int, name string) ([]byte, error) {
	buf := make([]byte, 4096)
	for {
		n, err := readProc(pid, name, buf)
		if err != nil {
			return nil, procError(pid, name, err)
		}
		if n < len(buf) || len(buf) >= maxProcFile {
			return buf[:n], nil
		}
		buf = make([]byte, len(buf)*8)
	}
}

// procError turns a failed look at /proc/PID/name into an error that tells an
// ended process from a look that failed.
func procError(pid int, name string, err error) error {
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("pid %d: %w", pid, ErrGone)
	}
	hint := ""
	switch {
	case errors.Is(err, unix.EMFILE):
		hint = ": this program is out of file descriptors (ulimit -n)"
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		hint = ": run as its user or as root"
	}
	return fmt.Errorf("cannot read /proc/%d/%s: %w%s", pid, name, err, hint)
}

// readProcLink reads the symbolic link /proc/PID/name.
func readProcLink(pid int, name string) (string, error) {
	target, err := os.Readlink(procPath(pid, name))
	if err != nil {
		return "", procError(pid, name, err)
	}
	return target, nil
}

func procPath(pid int, name string) string {
	return "/proc/" + strconv.Itoa(pid) + "/" + name
}
