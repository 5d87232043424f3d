package archive

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/cortexlua/cortexlua/bindings/internal/files"
)

// Target says where a source of the backup goes.
type Target struct {
	Source string // its name in the archive
	Dir    string // absolute; need not exist
	// Preserve lists paths below Dir that stay as they are now (backups, live
	// logs), whatever the backup has there. They are moved over, so whoever has
	// a file of them open keeps it.
	Preserve []string
}

const (
	stagingMark = ".restore-"
	beforeMark  = ".before-"
)

// Restore puts directories back exactly as they are in the backup: files that
// came later are gone, modes, times, links, and for root owners are as they
// were. Everything is unpacked beside the targets and proved against the manifest
// first; a damaged backup is refused before anything changes. Then each directory
// is exchanged in one step (RENAME_EXCHANGE of renameat2(2); where the file
// system lacks it, by two renames). What was there before is kept at
// "<dir>.before-<id>" until Commit removes it or Revert puts it back. If one
// exchange fails, those done are reverted.
//
// id becomes part of names and may be empty; it is letters, digits, dash.
// Nothing may write to the targets meanwhile.
func Restore(ctx context.Context, name string, targets []Target, id string) (*Handle, error) {
	r := &restorer{name: name, id: id}
	defer r.cleanup()
	if err := r.prepare(targets); err != nil {
		return nil, err
	}
	if err := r.unpack(ctx); err != nil {
		return nil, err
	}
	h := &Handle{ID: r.id}
	for _, s := range r.stages {
		done, err := s.swap(r.id)
		if done.Dir != "" {
			h.Swapped = append(h.Swapped, done)
		}
		if err != nil {
			err = &Error{Op: "restore", Path: name, Entry: s.target.Source, Err: explain("exchange", s.dir, err)}
			if rerr := h.Revert(context.WithoutCancel(ctx)); rerr != nil {
				err = errors.Join(err, rerr)
			}
			return nil, err
		}
	}
	return h, nil
}

type restorer struct {
	name   string
	id     string
	stages []*stage
}

// stage is the new tree of one target, beside the old one.
type stage struct {
	target  Target
	dir     string // of the target, with a link at the end resolved
	staging string
	root    *os.Root
	x       *unpacker
	swapped bool
}

func (r *restorer) fail(entry string, err error) error {
	return &Error{Op: "restore", Path: r.name, Entry: entry, Err: err}
}

func (r *restorer) prepare(targets []Target) error {
	if r.id == "" {
		var b [5]byte
		rand.Read(b[:])
		r.id = hex.EncodeToString(b[:])
	}
	if !regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`).MatchString(r.id) {
		return r.fail("", fmt.Errorf("the id %q is not made of letters, digits and dashes", r.id))
	}
	m, err := readSidecar("restore", r.name)
	if err != nil {
		return err
	}
	have := map[string]bool{}
	for _, s := range m.Manifest.Sources {
		have[s] = true
	}
	if len(targets) == 0 {
		return r.fail("", errors.New("no targets were named"))
	}
	for _, t := range targets {
		if !have[t.Source] {
			return &Error{Op: "restore", Path: r.name, Kind: ErrNoSource, Entry: t.Source, Hint: "it holds " + strings.Join(m.Manifest.Sources, ", ")}
		}
		s, err := newStage(t, r.id)
		if err != nil {
			return r.fail(t.Source, err)
		}
		r.stages = append(r.stages, s)
	}
	return nil
}

func newStage(t Target, id string) (*stage, error) {
	if !filepath.IsAbs(t.Dir) || filepath.Clean(t.Dir) == "/" {
		return nil, fmt.Errorf("the directory %q is not absolute or is the root", t.Dir)
	}
	for _, p := range t.Preserve {
		if !fs.ValidPath(p) || p == "." {
			return nil, fmt.Errorf("%q to preserve is not a plain path below %s", p, t.Dir)
		}
	}
	s := &stage{target: t, dir: filepath.Clean(t.Dir)}
	if real, err := filepath.EvalSymlinks(s.dir); err == nil {
		s.dir = real
	}
	if fi, err := os.Lstat(s.dir); err == nil && !fi.IsDir() {
		return nil, fmt.Errorf("%s is not a directory", s.dir)
	}
	if _, err := os.Lstat(s.dir + beforeMark + id); err == nil {
		return nil, fmt.Errorf("%s%s%s exists; an earlier restore of that id was not finished", s.dir, beforeMark, id)
	}
	s.staging = s.dir + stagingMark + id
	if err := os.Mkdir(s.staging, 0o700); err != nil {
		return nil, explain("make directory", s.staging, err)
	}
	root, err := os.OpenRoot(s.staging)
	if err != nil {
		return nil, errors.Join(err, os.Remove(s.staging))
	}
	s.root, s.x = root, newUnpacker(root)
	s.x.exact = true
	return s, nil
}

// cleanup removes what was staged and not exchanged.
func (r *restorer) cleanup() {
	for _, s := range r.stages {
		s.root.Close()
		if !s.swapped {
			removeSibling(s.staging, stagingMark)
		}
	}
}

// removeSibling removes a tree that this package made, and only such a one.
func removeSibling(dir, mark string) error {
	if !strings.Contains(filepath.Base(dir), mark) {
		return fmt.Errorf("%s was not made by a restore", dir)
	}
	parent, err := os.OpenRoot(filepath.Dir(dir))
	if err != nil {
		return err
	}
	defer parent.Close()
	return parent.RemoveAll(filepath.Base(dir))
}

// unpack writes all wanted sources in one pass over the archive, which proves
// every byte of it, then makes them durable.
func (r *restorer) unpack(ctx context.Context) error {
	_, err := verified(ctx, "restore", r.name, func(e Entry, body io.Reader) error {
		source, rel, below := strings.Cut(e.Path, "/")
		if !below {
			rel = "."
		}
		for _, s := range r.stages {
			if s.target.Source == source {
				_, err := s.x.put(e, rel, body)
				return r.explain(e.Path, err)
			}
		}
		if body == nil {
			return nil
		}
		_, err := io.Copy(io.Discard, body)
		return err
	})
	if err != nil {
		return err
	}
	for _, s := range r.stages {
		if err := errors.Join(s.x.finish(), files.SyncFS(s.root)); err != nil {
			return r.explain(s.target.Source, err)
		}
	}
	return nil
}

func (r *restorer) explain(entry string, err error) error {
	var ae *Error
	if err == nil || errors.As(err, &ae) {
		return err
	}
	return r.fail("", explain("write", entry, err))
}

// swap puts the staged tree in place. The result has a Dir as soon as something
// was changed that Revert has to undo.
func (s *stage) swap(id string) (Swapped, error) {
	before := s.dir + beforeMark + id
	old, err := os.Lstat(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.Rename(s.staging, s.dir); err != nil {
			return Swapped{}, err
		}
		s.swapped = true
		return Swapped{Dir: s.dir}, syncParent(s.dir)
	}
	if err != nil {
		return Swapped{}, err
	}
	if err := exchange(s.staging, s.dir, before); err != nil {
		return Swapped{}, err
	}
	s.swapped = true
	done := Swapped{Dir: s.dir, Before: before, Inode: files.InfoOf(old).Inode}
	for _, rel := range s.target.Preserve {
		moved, err := carry(before, s.dir, rel)
		if moved {
			done.Preserved = append(done.Preserved, rel)
		}
		if err != nil {
			return done, err
		}
	}
	return done, syncParent(s.dir)
}

// exchange makes fresh take the place of dir, which becomes before. The fresh
// tree gets the name of before first, so that a tree named as staged is never
// the old one, whenever a crash comes.
func exchange(fresh, dir, before string) error {
	if err := os.Rename(fresh, before); err != nil {
		return err
	}
	err := unix.Renameat2(unix.AT_FDCWD, before, unix.AT_FDCWD, dir, unix.RENAME_EXCHANGE)
	if err == nil {
		return nil
	}
	if rerr := os.Rename(before, fresh); rerr != nil {
		return errors.Join(err, rerr)
	}
	if cannotExchange(err) {
		return exchangeByTwo(fresh, dir, before)
	}
	return err
}

func cannotExchange(err error) bool {
	return errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EOPNOTSUPP)
}

// exchangeByTwo is for file systems that cannot exchange: for a moment dir does
// not exist. A crash in between leaves before, which Leftovers finds.
func exchangeByTwo(fresh, dir, before string) error {
	if err := os.Rename(dir, before); err != nil {
		return err
	}
	if err := os.Rename(fresh, dir); err != nil {
		return errors.Join(err, os.Rename(before, dir))
	}
	return nil
}

// carry moves from/rel to to/rel, over what is there.
func carry(from, to, rel string) (bool, error) {
	src, dst := filepath.Join(from, rel), filepath.Join(to, rel)
	_, err := os.Lstat(src)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	root, err := os.OpenRoot(to)
	if err != nil {
		return false, err
	}
	defer root.Close()
	if err := likeParents(from, root, rel); err != nil {
		return false, err
	}
	if err := root.RemoveAll(rel); err != nil {
		return false, err
	}
	if err := os.Rename(src, dst); err != nil {
		return false, err
	}
	return true, errors.Join(syncParent(src), syncParent(dst))
}

// likeParents makes the directories above rel, with the modes they have in from.
func likeParents(from string, to *os.Root, rel string) error {
	dir := path.Dir(rel)
	if dir == "." {
		return nil
	}
	if err := likeParents(from, to, dir); err != nil {
		return err
	}
	if fi, err := to.Lstat(dir); err == nil && fi.IsDir() {
		return nil
	}
	fi, err := os.Lstat(filepath.Join(from, dir))
	if err != nil {
		return err
	}
	if err := to.Mkdir(dir, 0o700); err != nil {
		return err
	}
	return files.SetAttributes(to, dir, files.InfoOf(fi))
}

func syncParent(name string) error {
	d, err := os.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
