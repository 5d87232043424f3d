package files

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Ways to treat FIFOs, sockets and devices in a tree that is copied.
const (
	RefuseSpecial = "refuse"
	SkipSpecial   = "skip"
)

// CopyOptions of CopyTree.
type CopyOptions struct {
	Exclude []string
	Special string // RefuseSpecial (also when empty) or SkipSpecial
	Sync    bool   // the copy is on disk when CopyTree returns
	Walk    WalkOptions
}

// Copied counts what CopyTree did.
type Copied struct {
	Files, Dirs, Links int64
	Bytes              int64
	Skipped            []string // special files left out
}

// copyWorkers: more than two gain nothing measurable for small files and only
// fight for the disk with big ones.
const copyWorkers = 2

// CopyTree copies a file or a directory tree to a place that must not exist:
// modes, times, links as links, several names of one file as such, owners when
// run as root. The copy appears whole, by a rename, or not at all. File content
// is shared where the file system can (FICLONE), else copied in the kernel
// (copy_file_range), else by reading and writing.
func (r *Roots) CopyTree(ctx context.Context, from, to string, opts CopyOptions) (Copied, error) {
	src, err := r.Resolve(from)
	if err != nil {
		return Copied{}, err
	}
	dst, err := r.Resolve(to)
	if err != nil {
		return Copied{}, err
	}
	if _, inside := below(src.Path, dst.Path); inside {
		return Copied{}, &Error{Op: "copy", Path: src.Path, Err: errors.New("the target " + dst.Path + " is inside it")}
	}
	if _, err := dst.FS.Lstat(dst.Rel); err == nil {
		return Copied{}, refuse("copy to", dst.Path, fs.ErrExist, "remove it first or name another place")
	}
	temp := path.Join(path.Dir(dst.Rel), TempName())
	done, err := copyTree(ctx, src, Place{dst.Root, dst.FS, temp, dst.Path}, opts)
	if err != nil {
		return Copied{}, err
	}
	if err := renameat(dst.FS, temp, dst.FS, dst.Rel, false); err != nil {
		dst.FS.RemoveAll(temp)
		return Copied{}, dst.err("copy to", err)
	}
	if opts.Sync {
		err = syncDir(dst.FS, path.Dir(dst.Rel))
	}
	return done, dst.err("copy to", err)
}

type copier struct {
	src, dst  Place
	opts      CopyOptions
	mu        sync.Mutex
	done      Copied
	inodes    map[[2]uint64]string // first name of a file that has several
	hardlinks [][2]string          // new name, first name; made last
	dirs      []Entry              // their modes and times are set last
}

type copyJob struct {
	dir *os.Root
	e   Entry
}

// copyTree copies to dst.Rel, which must not exist; on failure it is removed.
func copyTree(ctx context.Context, src, dst Place, opts CopyOptions) (Copied, error) {
	if err := CheckPatterns(opts.Exclude); err != nil {
		return Copied{}, err
	}
	c := &copier{src: src, dst: dst, opts: opts, inodes: map[[2]uint64]string{}}
	err := c.run(ctx)
	if err == nil {
		err = c.finish()
	}
	if err != nil {
		dst.FS.RemoveAll(dst.Rel)
		return Copied{}, err
	}
	return c.done, nil
}

func (c *copier) run(parent context.Context) error {
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	jobs := make(chan copyJob)
	var wg sync.WaitGroup
	for range copyWorkers {
		wg.Go(func() {
			for j := range jobs {
				if err := c.file(ctx, j); err != nil {
					cancel(err)
				}
				j.dir.Close()
			}
		})
	}
	walk := c.opts.Walk
	walk.Exclude = c.opts.Exclude
	err := WalkTree(ctx, c.src.FS, c.src.Rel, walk, func(dir *os.Root, e Entry) error {
		return c.entry(ctx, jobs, dir, e)
	})
	close(jobs)
	wg.Wait()
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return c.src.err("copy", under(err, c.src.Path))
}

func (c *copier) target(rel string) string { return path.Join(c.dst.Rel, rel) }

func (c *copier) entry(ctx context.Context, jobs chan<- copyJob, dir *os.Root, e Entry) error {
	switch e.Info.Type {
	case TypeDir:
		c.done.Dirs++
		c.dirs = append(c.dirs, e)
		return c.dst.err("copy to", c.dst.FS.Mkdir(c.target(e.Rel), 0o700))
	case TypeLink:
		return c.link(dir, e)
	case TypeFile:
		if c.again(e) {
			return nil
		}
		// The walk closes its directory before a worker is done with it.
		own, err := dir.OpenRoot(".")
		if err != nil {
			return err
		}
		select {
		case jobs <- copyJob{own, e}:
			return nil
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), own.Close())
		}
	}
	if c.opts.Special == SkipSpecial {
		c.done.Skipped = append(c.done.Skipped, e.Rel)
		return nil
	}
	return refuse("copy", e.Rel, ErrNotRegular, e.Rel+" is a "+e.Info.Type+"; exclude it")
}

// again notes further names of a file that is being copied already.
func (c *copier) again(e Entry) bool {
	if e.Info.Links < 2 {
		return false
	}
	key := [2]uint64{e.Info.Dev, e.Info.Inode}
	if first, ok := c.inodes[key]; ok {
		c.hardlinks = append(c.hardlinks, [2]string{e.Rel, first})
		return true
	}
	c.inodes[key] = e.Rel
	return false
}

func (c *copier) link(dir *os.Root, e Entry) error {
	target, err := dir.Readlink(e.Name)
	if err != nil {
		return err
	}
	c.done.Links++
	if err := c.dst.FS.Symlink(target, c.target(e.Rel)); err != nil {
		return c.dst.err("copy to", err)
	}
	if os.Geteuid() == 0 {
		return c.dst.err("copy to", c.dst.FS.Lchown(c.target(e.Rel), e.Info.UID, e.Info.GID))
	}
	return nil
}

func (c *copier) file(ctx context.Context, j copyJob) error {
	in, fi, err := OpenRegular(j.dir, j.e.Name)
	if errors.Is(err, fs.ErrNotExist) && j.e.Rel != "." {
		return nil // vanished since it was listed
	}
	if err != nil {
		return fail("copy", j.e.Rel, repath(err, j.e.Rel))
	}
	defer in.Close()
	info := InfoOf(fi)
	rel := c.target(j.e.Rel)
	out, err := c.dst.FS.OpenFile(rel, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return c.dst.err("copy to", err)
	}
	n, err := copyContent(ctx, out, in)
	if err == nil {
		err = c.attributes(out, rel, info)
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return c.dst.err("copy to", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done.Files++
	c.done.Bytes += n
	return nil
}

// copyChunk bounds how long one kernel copy can outlive the context.
const copyChunk = 64 << 20

func copyContent(ctx context.Context, out, in *os.File) (int64, error) {
	if err := unix.IoctlFileClone(int(out.Fd()), int(in.Fd())); err == nil {
		fi, err := out.Stat()
		if err != nil {
			return 0, err
		}
		return fi.Size(), nil
	}
	var total int64
	for {
		if ctx.Err() != nil {
			return total, context.Cause(ctx)
		}
		n, err := io.CopyN(out, in, copyChunk) // copy_file_range where possible
		total += n
		if errors.Is(err, io.EOF) {
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
}

func (c *copier) attributes(out *os.File, rel string, info Info) error {
	if os.Geteuid() == 0 {
		if err := out.Chown(info.UID, info.GID); err != nil {
			return err
		}
	}
	if err := out.Chmod(info.Mode); err != nil { // after chown, which drops set-id bits
		return err
	}
	return c.dst.FS.Chtimes(rel, time.Time{}, info.ModTime)
}

// finish makes the further names, then sets the attributes of the directories,
// deepest first, since filling one changes its time.
func (c *copier) finish() error {
	for _, l := range c.hardlinks {
		err := c.dst.FS.Link(c.target(l[1]), c.target(l[0]))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return c.dst.err("copy to", err)
		}
		c.done.Files++
	}
	for i := len(c.dirs) - 1; i >= 0; i-- {
		if err := SetAttributes(c.dst.FS, c.target(c.dirs[i].Rel), c.dirs[i].Info); err != nil {
			return c.dst.err("copy to", err)
		}
	}
	if !c.opts.Sync {
		return nil
	}
	return c.dst.err("sync", SyncFS(c.dst.FS))
}

// SetAttributes sets owner (as root), mode and modification time.
func SetAttributes(root *os.Root, rel string, info Info) error {
	if os.Geteuid() == 0 {
		if err := root.Lchown(rel, info.UID, info.GID); err != nil {
			return err
		}
	}
	if err := root.Chmod(rel, info.Mode); err != nil {
		return err
	}
	return root.Chtimes(rel, time.Time{}, info.ModTime)
}

// SyncFS makes everything on the file system of the root durable, in one call
// (syncfs(2)): for a tree of many files that is far cheaper than one fsync each.
func SyncFS(root *os.Root) error {
	d, err := root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(unix.Syncfs(int(d.Fd())), d.Close())
}
