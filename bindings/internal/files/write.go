package files

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// tempPrefix begins every temporary name. The name does not contain that of the
// target, so that a target of 255 bytes can be written too.
const tempPrefix = ".cortexlua-tmp-"

// IsTemp says whether a base name is one of our temporary files, which an
// interrupted run (power cut, SIGKILL) may have left.
func IsTemp(name string) bool { return strings.HasPrefix(name, tempPrefix) }

// TempName returns a fresh temporary base name.
func TempName() string {
	var b [8]byte
	rand.Read(b[:]) // never fails, see crypto/rand
	return tempPrefix + hex.EncodeToString(b[:])
}

// WriteOptions says how WriteAtomic and Append create a file.
type WriteOptions struct {
	Mode   fs.FileMode // for a new file; 0 means 0644. An existing file keeps its own.
	NoSync bool        // skip the fsyncs: for a file that may be lost in a power cut
	Fresh  bool        // fail with fs.ErrExist if the file exists
}

// WriteAtomic replaces the content of a file or makes it: readers see the old
// or the new content, never a part, also across a power cut. Mode and (for
// root) owner of an existing file are kept. A symbolic link is refused rather
// than replaced or written through.
func (r *Roots) WriteAtomic(name string, data []byte, opts WriteOptions) error {
	p, err := r.Resolve(name)
	if err != nil {
		return err
	}
	pend, err := NewPending(p.FS, p.Rel, opts)
	if err != nil {
		return p.err("write", repath(err, p.Path))
	}
	defer pend.Abort()
	if _, err := pend.Write(data); err != nil {
		return p.err("write", err)
	}
	return p.err("write", repath(pend.Commit(), p.Path))
}

// Pending is a file that is written under a temporary name and appears under
// its own at Commit.
type Pending struct {
	*os.File
	root  *os.Root
	rel   string
	temp  string
	opts  WriteOptions
	ended bool
}

// NewPending opens the temporary file beside its target.
func NewPending(root *os.Root, rel string, opts WriteOptions) (*Pending, error) {
	mode := opts.Mode
	if mode == 0 {
		mode = 0o644
	}
	old, err := writable(root, rel, opts.Fresh)
	if err != nil {
		return nil, err
	}
	p := &Pending{root: root, rel: rel, temp: path.Join(path.Dir(rel), TempName()), opts: opts}
	p.File, err = root.OpenFile(p.temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	if old != nil {
		mode = old.Mode() &^ fs.ModeType
		err = p.keepOwner(InfoOf(old))
	}
	if err == nil {
		err = p.File.Chmod(mode)
	}
	if err != nil {
		p.Abort()
		return nil, err
	}
	return p, nil
}

// writable checks the target of a write; it returns what is there, or nil.
func writable(root *os.Root, rel string, fresh bool) (fs.FileInfo, error) {
	fi, err := root.Lstat(rel)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case fi.Mode().IsRegular() && fresh:
		return nil, refuse("write", rel, fs.ErrExist, "")
	case fi.Mode().IsRegular():
		return fi, nil
	case fi.IsDir():
		return nil, refuse("write", rel, ErrIsDir, "name a file")
	case fi.Mode().Type() == fs.ModeSymlink:
		return nil, refuse("write", rel, ErrLink, "name the file it leads to")
	}
	return nil, refuse("write", rel, ErrNotRegular, "it is a "+typeOf(fi.Mode()))
}

// keepOwner gives the new file the owner of the old one, as far as we may.
func (p *Pending) keepOwner(old Info) error {
	if os.Geteuid() != 0 {
		return nil
	}
	return p.File.Chown(old.UID, old.GID)
}

// Commit syncs and renames. After an error nothing has changed and the
// temporary file is gone.
func (p *Pending) Commit() error {
	if p.ended {
		return fs.ErrClosed
	}
	err := p.commit()
	if err != nil {
		p.Abort()
		return err
	}
	p.ended = true
	if p.opts.NoSync {
		return nil
	}
	return syncDir(p.root, path.Dir(p.rel))
}

func (p *Pending) commit() error {
	if !p.opts.NoSync {
		if err := p.File.Sync(); err != nil {
			return err
		}
	}
	if err := p.File.Close(); err != nil {
		return err
	}
	// Look again: a link or FIFO may have taken the place meanwhile.
	if _, err := writable(p.root, p.rel, p.opts.Fresh); err != nil {
		return err
	}
	return renameat(p.root, p.temp, p.root, p.rel, !p.opts.Fresh)
}

// SetTimes gives the file the modification time that it shall appear with.
func (p *Pending) SetTimes(modified time.Time) error {
	return p.root.Chtimes(p.temp, time.Time{}, modified)
}

// Abort removes the temporary file; after Commit it does nothing, so it can be
// deferred.
func (p *Pending) Abort() {
	if p.ended {
		return
	}
	p.ended = true
	p.File.Close()
	p.root.Remove(p.temp)
}

// Append adds data to the end in one write (O_APPEND), making the file if
// needed. It syncs unless told not to. When the disk fills up in the middle the
// error says how much was written; the part stays, because cutting it off could
// take lines that another process appended meanwhile.
func (r *Roots) Append(name string, data []byte, opts WriteOptions) error {
	p, err := r.Resolve(name)
	if err != nil {
		return err
	}
	return p.err("append to", repath(appendTo(p.FS, p.Rel, data, opts), p.Path))
}

func appendTo(root *os.Root, rel string, data []byte, opts WriteOptions) (err error) {
	old, err := writable(root, rel, opts.Fresh)
	if err != nil {
		return err
	}
	mode := opts.Mode
	if mode == 0 {
		mode = 0o644
	}
	f, err := root.OpenFile(rel, os.O_WRONLY|os.O_APPEND|os.O_CREATE|unix.O_NONBLOCK|unix.O_NOFOLLOW, mode.Perm())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	fi, err := f.Stat()
	if err != nil {
		return err
	}
	if !fi.Mode().IsRegular() {
		return refuse("append to", rel, ErrNotRegular, "")
	}
	if n, err := f.Write(data); err != nil {
		if n > 0 {
			return &Error{Op: "append to", Path: rel, Kind: ErrNoSpace, Err: err,
				Hint: "only the first part was written; free some space, then check the end of the file"}
		}
		return err
	}
	if opts.NoSync {
		return nil
	}
	if err := f.Sync(); err != nil || old != nil {
		return err
	}
	return syncDir(root, path.Dir(rel))
}

// SyncDir makes the names in a directory durable.
func (r *Roots) SyncDir(name string) error {
	p, err := r.Resolve(name)
	if err != nil {
		return err
	}
	return p.err("sync", syncDir(p.FS, p.Rel))
}

func syncDir(root *os.Root, rel string) error {
	d, err := root.OpenFile(rel, os.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	err = d.Sync()
	// Some network file systems cannot sync a directory and say so with EINVAL.
	if errors.Is(err, unix.EINVAL) {
		err = nil
	}
	return errors.Join(err, d.Close())
}

var _ io.Writer = (*Pending)(nil)
