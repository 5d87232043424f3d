package lockfile

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// stillThere reports whether the path still names the file that was locked.
func stillThere(path string, file *os.File) bool {
	var now, ours unix.Stat_t
	return unix.Lstat(path, &now) == nil && unix.Fstat(int(file.Fd()), &ours) == nil &&
		now.Ino == ours.Ino && now.Dev == ours.Dev
}

// open opens or makes the file of a lock.
func open(path string) (*os.File, error) {
	const flags = unix.O_RDWR | unix.O_CREAT | unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC
	fd, err := unix.Open(path, flags, 0o600)
	if err != nil {
		return nil, openError(path, err)
	}
	if err := check(path, fd); err != nil {
		unix.Close(fd)
		return nil, err
	}
	_ = unix.SetNonblock(fd, false) // a daemon may inherit it
	return os.NewFile(uintptr(fd), path), nil
}

func openError(path string, err error) error {
	dir := filepath.Dir(path)
	switch {
	case errors.Is(err, unix.ENOENT):
		return fmt.Errorf("cannot lock %s: %s does not exist: mkdir -p %s", path, dir, dir)
	case errors.Is(err, unix.ELOOP):
		return fmt.Errorf("cannot lock %s: it is a symbolic link, which is not followed", path)
	case errors.Is(err, unix.EISDIR):
		return fmt.Errorf("cannot lock %s: it is a directory", path)
	case errors.Is(err, unix.ENXIO):
		return fmt.Errorf("cannot lock %s: it is a socket, not a regular file", path)
	}
	return fmt.Errorf("cannot lock %s: %w", path, err)
}

// check refuses what may not be a lock: other kinds of files, files of others, and
// file systems where flock is not what this package promises.
func check(path string, fd int) error {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return lockError(path, err)
	}
	uid := os.Geteuid()
	switch {
	case st.Mode&unix.S_IFMT != unix.S_IFREG:
		return fmt.Errorf("cannot lock %s: it is not a regular file", path)
	case st.Nlink > 1:
		return fmt.Errorf("cannot lock %s: it has %d hard links", path, st.Nlink)
	case uid != 0 && int(st.Uid) != uid && st.Uid != 0:
		return fmt.Errorf("cannot lock %s: it belongs to uid %d", path, st.Uid)
	}
	var fs unix.Statfs_t
	if err := unix.Fstatfs(fd, &fs); err != nil {
		return lockError(path, err)
	}
	if name := network(uint32(fs.Type)); name != "" {
		return fmt.Errorf("cannot lock %s: it lies on %s, where a lock does not pass to a child and may not reach other machines: choose a local directory", path, name)
	}
	return nil
}

// network names the network file systems by their magic numbers (statfs(2)). NFS
// turns flock into a lock of the process, which a daemon cannot inherit.
func network(magic uint32) string {
	switch magic {
	case 0x6969:
		return "NFS"
	case 0xff534d42, 0xfe534d42, 0x517b:
		return "SMB/CIFS"
	case 0x5346414f, 0x6b414653:
		return "AFS"
	case 0x01021997:
		return "9p"
	case 0x00c36400:
		return "Ceph"
	case 0x0bd00bd0:
		return "Lustre"
	case 0x73757245:
		return "Coda"
	}
	return ""
}
