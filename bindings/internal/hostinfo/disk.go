package hostinfo

import (
	"fmt"
	"io/fs"

	"golang.org/x/sys/unix"
)

// Disk is the file system that holds a path, in bytes and inodes.
type Disk struct {
	Total       int64
	Free        int64 // what this user can still write, without the reserve of root
	Used        int64
	UsedPercent float64 // of what this user could have, as df(1) counts it
	// Inodes are zero on file systems that make them as needed (btrfs).
	Inodes, InodesFree int64
}

// ReadDisk asks for the file system that holds path.
func ReadDisk(path string) (Disk, error) {
	var st unix.Statfs_t
	for {
		err := unix.Statfs(path, &st)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return Disk{}, fmt.Errorf("cannot look at the disk: %w", &fs.PathError{Op: "statfs", Path: path, Err: err})
		}
		break
	}
	return diskOf(&st), nil
}

// diskOf counts in fragments, which is the unit of the three figures
// (statvfs(3)).
func diskOf(st *unix.Statfs_t) Disk {
	unit := int64(st.Frsize)
	if unit == 0 {
		unit = int64(st.Bsize)
	}
	d := Disk{
		Total:      int64(st.Blocks) * unit,
		Free:       int64(st.Bavail) * unit,
		Used:       int64(st.Blocks-st.Bfree) * unit,
		Inodes:     int64(st.Files),
		InodesFree: int64(st.Ffree),
	}
	if mine := d.Used + d.Free; mine > 0 {
		d.UsedPercent = 100 * float64(d.Used) / float64(mine)
	}
	return d
}
