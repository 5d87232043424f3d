package files

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Types of a file, as Info.Type names them.
const (
	TypeFile   = "file"
	TypeDir    = "dir"
	TypeLink   = "link"
	TypeFIFO   = "fifo"
	TypeSocket = "socket"
	TypeDevice = "device"
)

// Info describes one file.
type Info struct {
	Type    string
	Size    int64
	Mode    fs.FileMode // permission and set-id bits in Go's form, no type bits
	UID     int
	GID     int
	ModTime time.Time
	Links   uint64
	Inode   uint64
	Dev     uint64
	Blocks  int64 // 512-byte units really in use
}

// InfoOf turns what the standard library knows into an Info.
func InfoOf(fi fs.FileInfo) Info {
	info := Info{
		Type:    typeOf(fi.Mode()),
		Size:    fi.Size(),
		Mode:    fi.Mode() &^ fs.ModeType,
		ModTime: fi.ModTime(),
	}
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		info.UID, info.GID = int(st.Uid), int(st.Gid)
		info.Links, info.Inode, info.Dev = uint64(st.Nlink), st.Ino, uint64(st.Dev)
		info.Blocks = st.Blocks
	}
	return info
}

func typeOf(mode fs.FileMode) string {
	switch mode.Type() {
	case 0:
		return TypeFile
	case fs.ModeDir:
		return TypeDir
	case fs.ModeSymlink:
		return TypeLink
	case fs.ModeNamedPipe:
		return TypeFIFO
	case fs.ModeSocket:
		return TypeSocket
	}
	return TypeDevice
}

// Stat looks at a file; with follow false a symbolic link describes itself.
func (r *Roots) Stat(path string, follow bool) (Info, error) {
	p, err := r.Resolve(path)
	if err != nil {
		return Info{}, err
	}
	look := p.FS.Lstat
	if follow {
		look = p.FS.Stat
	}
	fi, err := look(p.Rel)
	if err != nil {
		return Info{}, p.err("look at", err)
	}
	return InfoOf(fi), nil
}

// Exists says whether something is at path; a link counts even when it leads
// nowhere. Only "no such file" is false: every other failure is an error, since
// "cannot tell" must not read as "is not there".
func (r *Roots) Exists(path string) (bool, error) {
	_, err := r.Stat(path, false)
	if err == nil {
		return true, nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return false, err
}

// Readlink returns the target of a symbolic link as it is written.
func (r *Roots) Readlink(path string) (string, error) {
	p, err := r.Resolve(path)
	if err != nil {
		return "", err
	}
	target, err := p.FS.Readlink(p.Rel)
	return target, p.err("read the link", err)
}

// Space is the room on a file system, in bytes and inodes.
type Space struct {
	Total, Free, Available int64 // Available is what an ordinary user may use
	Inodes, InodesFree     int64 // both 0 where the file system has no fixed number
	BlockSize              int64
	FSType                 int64 // f_type of statfs(2)
	ReadOnly               bool
}

// DiskFree looks at the file system that holds path. The path itself need not
// exist: the nearest directory above it, within the root, is asked.
func (r *Roots) DiskFree(name string) (Space, error) {
	p, err := r.Resolve(name)
	if err != nil {
		return Space{}, err
	}
	for rel := p.Rel; ; rel = path.Dir(rel) {
		space, err := statfs(p.FS, rel)
		if err == nil {
			return space, nil
		}
		if rel == "." || !(errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)) {
			return Space{}, p.err("read the free space of", err)
		}
	}
}

func statfs(root *os.Root, rel string) (Space, error) {
	f, err := root.OpenFile(rel, os.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return Space{}, err
	}
	defer f.Close()
	var st unix.Statfs_t
	if err := unix.Fstatfs(int(f.Fd()), &st); err != nil {
		return Space{}, err
	}
	bs := st.Frsize
	if bs == 0 {
		bs = st.Bsize
	}
	return Space{
		Total: int64(st.Blocks) * bs, Free: int64(st.Bfree) * bs, Available: int64(st.Bavail) * bs,
		Inodes: int64(st.Files), InodesFree: int64(st.Ffree),
		BlockSize: st.Bsize, FSType: st.Type, ReadOnly: st.Flags&unix.ST_RDONLY != 0,
	}, nil
}

// Usage is the size of a tree; files with several names count once.
type Usage struct {
	Apparent int64 // sum of the file sizes
	Disk     int64 // bytes in use on disk
	Files    int64
	Dirs     int64
}

// DiskUsage sums up a file or a tree; links are not followed.
func (r *Roots) DiskUsage(ctx context.Context, path string, opts WalkOptions) (Usage, error) {
	var u Usage
	type id struct{ dev, ino uint64 }
	seen := map[id]bool{}
	err := r.Walk(ctx, path, opts, func(e Entry) error {
		if e.Info.Type == TypeDir {
			u.Dirs++
		} else {
			u.Files++
			if key := (id{e.Info.Dev, e.Info.Inode}); e.Info.Links > 1 {
				if seen[key] {
					return nil
				}
				seen[key] = true
			}
			u.Apparent += e.Info.Size
		}
		u.Disk += e.Info.Blocks * 512
		return nil
	})
	return u, err
}
