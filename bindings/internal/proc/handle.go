package proc

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// signalGroupFlag is PIDFD_SIGNAL_PROCESS_GROUP of pidfd_send_signal(2), Linux 6.9:
// the signal goes to the process group that the pidfd's process leads or led.
const signalGroupFlag = 1 << 2

// errNoGroupSignal says that the group cannot be signalled without the risk of
// reaching another one; the caller signals the members one by one.
var errNoGroupSignal = errors.New("the group cannot be signalled as one")

// Handle holds on to one process. While it is open, signals and waits refer to
// that process and to no other, even after the kernel gave the pid away again.
// It is safe for concurrent use. Close it.
type Handle struct {
	id   Identity
	file *os.File

	watch sync.Once
	done  chan struct{}
}

// Open takes hold of the process of that identity. It opens a pidfd first and
// proves the identity second: what is proved while the pidfd is open is what the
// pidfd refers to. It fails with [ErrGone] or an [*OtherError].
func Open(id Identity) (*Handle, error) {
	h, err := openAny(id)
	if err != nil {
		return nil, err
	}
	if h.ended() {
		h.Close()
		return nil, fmt.Errorf("pid %d: %w", id.PID, ErrGone)
	}
	return h, nil
}

// openAny is Open that also takes a zombie, whose group is still provably its own.
func openAny(id Identity) (*Handle, error) {
	if id.PID <= 0 {
		return nil, fmt.Errorf("cannot open pid %d: not a process id", id.PID)
	}
	fd, err := pidfdOpen(id.PID)
	if err != nil {
		return nil, err
	}
	h := newHandle(id, fd)
	if _, err := proveAny(id); err != nil {
		h.Close()
		return nil, err
	}
	return h, nil
}

// newHandle wraps a nonblocking pidfd, so that the Go poller takes it.
func newHandle(id Identity, fd int) *Handle {
	return &Handle{id: id, file: os.NewFile(uintptr(fd), "pidfd"), done: make(chan struct{})}
}

// pidfdOpen opens a pidfd with O_NONBLOCK set. The flag of the call exists since
// Linux 5.10 only; fcntl serves them all.
func pidfdOpen(pid int) (int, error) {
	fd, err := unix.PidfdOpen(pid, 0)
	switch {
	case err == nil:
		return fd, nonblocking(fd)
	case errors.Is(err, unix.ESRCH), errors.Is(err, unix.ENOENT), errors.Is(err, unix.EINVAL):
		// EINVAL (ENOENT since 6.15): the number is a thread's, not a process's.
		return -1, fmt.Errorf("pid %d: %w", pid, ErrGone)
	case errors.Is(err, unix.ENOSYS):
		return -1, fmt.Errorf("cannot open pid %d: this kernel has no pidfd_open (Linux 5.3 or newer is needed)", pid)
	case errors.Is(err, unix.EMFILE):
		return -1, fmt.Errorf("cannot open pid %d: %w: this program is out of file descriptors (ulimit -n)", pid, err)
	}
	return -1, fmt.Errorf("cannot open pid %d: %w", pid, err)
}

// nonblocking sets O_NONBLOCK and closes the descriptor if it cannot.
func nonblocking(fd int) error {
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return fmt.Errorf("cannot watch a process: %w", err)
	}
	return nil
}

// Identity names the process held.
func (h *Handle) Identity() Identity { return h.id }

// Done is closed when the process has ended, or when the handle is closed. The
// first call starts a goroutine that sleeps in the poller until then.
func (h *Handle) Done() <-chan struct{} {
	h.watch.Do(func() {
		go func() {
			defer close(h.done)
			_ = h.block()
		}()
	})
	return h.done
}

// Wait returns nil when the process has ended, and the context's cause when that
// ends first.
func (h *Handle) Wait(ctx context.Context) error {
	select {
	case <-h.Done():
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// block sleeps until the process has ended or the file is closed.
func (h *Handle) block() error {
	conn, err := h.file.SyscallConn()
	if err != nil {
		return err
	}
	return conn.Read(func(fd uintptr) bool { return readable(int(fd)) })
}

// waitAlone is Wait for a handle with one user, without a goroutine of its own.
func (h *Handle) waitAlone(ctx context.Context) error {
	for {
		_ = h.file.SetReadDeadline(time.Time{})
		stop := context.AfterFunc(ctx, func() { _ = h.file.SetReadDeadline(time.Unix(1, 0)) })
		err := h.block()
		stop()
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return err
		} // else the deadline of an earlier wait arrived late
	}
}

// ended reports whether the process has ended, zombie or reaped.
func (h *Handle) ended() bool {
	ended := true
	err := h.control(func(fd int) { ended = readable(fd) })
	return err != nil || ended
}

func readable(fd int) bool {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(fds, 0)
		if err == unix.EINTR {
			continue
		}
		return n > 0 || err != nil
	}
}

// Signal sends a signal to the process held. It fails with [ErrGone] if the
// process has ended.
func (h *Handle) Signal(sig unix.Signal) error {
	err := h.send(sig, 0)
	if errors.Is(err, unix.EPERM) {
		return fmt.Errorf("cannot signal pid %d: %w: run as its user or as root", h.id.PID, err)
	}
	return err
}

// signalGroup sends a signal to the process group that the process leads or led.
// It fails with ErrGone if the group is empty and with errNoGroupSignal if the
// kernel is too old and the leader no longer holds the number.
func (h *Handle) signalGroup(sig unix.Signal) error {
	if h.id.PID == unix.Getpgrp() || h.id.PID <= 1 {
		return errNoGroupSignal
	}
	err := h.send(sig, signalGroupFlag)
	if !errors.Is(err, unix.EINVAL) {
		return err
	}
	st, err := proveAny(h.id)
	if err != nil || st.PGRP != h.id.PID {
		return errNoGroupSignal
	}
	return h.outcome(unix.Kill(-h.id.PID, sig))
}

func (h *Handle) send(sig unix.Signal, flags int) error {
	var sent error
	if err := h.control(func(fd int) { sent = unix.PidfdSendSignal(fd, sig, nil, flags) }); err != nil {
		return h.outcome(unix.ESRCH) // closed: its owner knew the process to have ended
	}
	return h.outcome(sent)
}

func (h *Handle) outcome(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.ESRCH):
		return fmt.Errorf("pid %d: %w", h.id.PID, ErrGone)
	}
	return fmt.Errorf("cannot signal pid %d: %w", h.id.PID, err)
}

// control runs fn with the descriptor, which cannot be closed meanwhile.
func (h *Handle) control(fn func(fd int)) error {
	conn, err := h.file.SyscallConn()
	if err != nil {
		return err
	}
	return conn.Control(func(fd uintptr) { fn(int(fd)) })
}

// Close lets go of the process. It ends the waits on the handle.
func (h *Handle) Close() error { return h.file.Close() }
