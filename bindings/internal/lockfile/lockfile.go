// Package lockfile gives one process at a time the right to do something, by
// flock(2) on a file. The kernel frees the lock when the last descriptor of it is
// closed, so it cannot outlive its holder, and a daemon that inherits the
// descriptor holds the lock for as long as it lives: a proof of life that needs no
// record.
//
// What stands in the file is for people only: who holds the lock, for what, since
// when. The file is never removed, because a lock on a removed file excludes
// nobody.
package lockfile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cortexlua/cortexlua/bindings/internal/proc"
)

// Info tells who holds a lock. All of it is for display.
type Info struct {
	Identity proc.Identity `json:"identity"`
	User     string        `json:"user"`
	For      string        `json:"for"` // such as "run 01J... (upgrade)"
	Since    time.Time     `json:"since"`
}

// String reads "pid 4711 (alice) for upgrade since 2025-11-26 10:26:16".
func (i Info) String() string {
	if i.Identity.PID == 0 {
		return "an unknown process"
	}
	s := fmt.Sprintf("pid %d", i.Identity.PID)
	if i.User != "" {
		s += " (" + i.User + ")"
	}
	if i.For != "" {
		s += " for " + i.For
	}
	if !i.Since.IsZero() {
		s += " since " + i.Since.Format(time.DateTime)
	}
	return s
}

// HeldError says that somebody else holds the lock.
type HeldError struct {
	Path  string
	Owner Info // zero if the holder left no word
}

// Error reads "the lock /run/x.lock is held by pid 4711 (alice) for upgrade since ...".
func (e *HeldError) Error() string {
	return fmt.Sprintf("the lock %s is held by %s", e.Path, e.Owner)
}

// Lock is a held lock. It is not safe for concurrent use.
type Lock struct {
	path string
	file *os.File
}

// Try takes the lock if it is free and fails with a [*HeldError] if it is not.
func Try(path string, info Info) (*Lock, error) {
	return acquire(path, info, func(file *os.File) error { return tryFlock(path, file) })
}

// Acquire takes the lock and waits for it until the context ends; the error then
// is both a [*HeldError] and the context's cause.
//
// It asks again and again, at most 50 ms apart. A blocking flock(2) would wake up
// at once, but it cannot be called off: its thread would stay behind, take the lock
// later for nobody, and make others fail in that moment.
func Acquire(ctx context.Context, path string, info Info) (*Lock, error) {
	return acquire(path, info, func(file *os.File) error { return waitFlock(ctx, path, file) })
}

func acquire(path string, info Info, take func(*os.File) error) (*Lock, error) {
	for range 10 {
		file, err := open(path)
		if err != nil {
			return nil, err
		}
		if err := take(file); err != nil {
			file.Close()
			return nil, err
		}
		if !stillThere(path, file) { // somebody removed or replaced the file: lock the new one
			file.Close()
			continue
		}
		lock := &Lock{path: path, file: file}
		if err := lock.SetInfo(info); err != nil {
			file.Close()
			return nil, err
		}
		return lock, nil
	}
	return nil, fmt.Errorf("cannot lock %s: the file is replaced all the time", path)
}

// tryFlock asks once, and for a moment longer if the file does not name a live
// owner: [Holder] of another process takes a shared lock for an instant, and a new
// owner needs an instant to write its name.
func tryFlock(path string, file *os.File) error {
	const moment = 100 * time.Millisecond
	for start := time.Now(); ; {
		err := flock(file, unix.LOCK_EX|unix.LOCK_NB)
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return lockError(path, err)
		}
		owner := readInfo(file)
		if maybeAlive(owner.Identity) || time.Since(start) > moment {
			return &HeldError{Path: path, Owner: owner}
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// maybeAlive is true unless the process is known to have ended or is not named.
func maybeAlive(id proc.Identity) bool {
	if id.IsZero() {
		return false
	}
	alive, err := proc.Alive(id)
	return alive || err != nil
}

func waitFlock(ctx context.Context, path string, file *os.File) error {
	const longest = 50 * time.Millisecond
	timer := time.NewTimer(0)
	defer timer.Stop()
	for pause := time.Millisecond; ; pause = min(2*pause, longest) {
		err := flock(file, unix.LOCK_EX|unix.LOCK_NB)
		if !errors.Is(err, unix.EWOULDBLOCK) {
			return lockError(path, err)
		}
		timer.Reset(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			return errors.Join(&HeldError{Path: path, Owner: readInfo(file)}, context.Cause(ctx))
		}
	}
}

func lockError(path string, err error) error {
	if err != nil {
		return fmt.Errorf("cannot lock %s: %w", path, err)
	}
	return nil
}

func flock(file *os.File, how int) error {
	for {
		err := unix.Flock(int(file.Fd()), how)
		if err != unix.EINTR {
			return err
		}
	}
}

// Path is the file of the lock.
func (l *Lock) Path() string { return l.path }

// File is the descriptor to hand to a daemon that shall hold the lock; see
// proc.DaemonSpec.Lock. It belongs to the lock: do not close it.
func (l *Lock) File() *os.File { return l.file }

// SetInfo changes what the file says about the holder.
func (l *Lock) SetInfo(info Info) error {
	if info.Since.IsZero() {
		info.Since = time.Now()
	}
	raw, err := json.Marshal(info)
	if err != nil {
		return fmt.Errorf("cannot describe the holder of %s: %w", l.path, err)
	}
	raw = append(raw, '\n')
	_, err = l.file.WriteAt(raw, 0)
	if err == nil {
		err = l.file.Truncate(int64(len(raw)))
	}
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) || errors.Is(err, unix.EROFS) {
		return nil // a full disk must not keep an operator from stopping a daemon
	}
	if err != nil {
		return fmt.Errorf("cannot write to the lock %s: %w", l.path, err)
	}
	return nil
}

// Release frees the lock, also for those who inherited it.
func (l *Lock) Release() error {
	err := l.file.Truncate(0)
	if errors.Is(err, os.ErrClosed) {
		return nil // released or detached before
	}
	return errors.Join(flock(l.file, unix.LOCK_UN), l.file.Close())
}

// Detach lets go of our descriptor only: the lock stays with the daemon that
// inherited it, and is free at once if nobody did.
func (l *Lock) Detach() error {
	err := l.file.Close()
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

// Holder reports whether somebody holds the lock and what the file says about
// them. A file that is not there is held by nobody.
func Holder(path string) (Info, bool, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ENOENT) {
		return Info{}, false, nil
	}
	if err != nil {
		return Info{}, false, openError(path, err)
	}
	file := os.NewFile(uintptr(fd), path)
	defer file.Close()
	if err := check(path, fd); err != nil {
		return Info{}, false, err
	}
	err = flock(file, unix.LOCK_SH|unix.LOCK_NB)
	switch {
	case errors.Is(err, unix.EWOULDBLOCK):
		return readInfo(file), true, nil
	case err != nil:
		return Info{}, false, lockError(path, err)
	}
	return Info{}, false, lockError(path, flock(file, unix.LOCK_UN))
}

// readInfo returns what the file says, or nothing if it is being written.
func readInfo(file *os.File) Info {
	var buf [4096]byte
	n, _ := file.ReadAt(buf[:], 0)
	var info Info
	if json.Unmarshal(buf[:n], &info) != nil {
		return Info{}
	}
	return info
}
