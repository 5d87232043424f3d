package proc

import (
	"context"

	"golang.org/x/sys/unix"
)

// Child is a process that this program started. It is reaped as soon as it ends,
// so it never stays a zombie. It needs no Close.
type Child struct {
	handle *Handle
	done   chan struct{} // closed after the reaping
	status exitStatus    // valid once done is closed
	known  bool          // whether status could be read
}

// watch reaps the child when it ends. The goroutine sleeps in the poller.
func watch(h *Handle) *Child {
	c := &Child{handle: h, done: make(chan struct{})}
	go func() {
		defer close(c.done)
		defer h.Close()
		_ = h.block()
		status, err := reap(h)
		c.status, c.known = status, err == nil
	}()
	return c
}

// Identity names the child.
func (c *Child) Identity() Identity { return c.handle.id }

// Done is closed when the child has ended and was reaped.
func (c *Child) Done() <-chan struct{} { return c.done }

// Wait returns nil when the child has ended, and the context's cause when that
// ends first.
func (c *Child) Wait(ctx context.Context) error {
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Signal sends a signal to the child, and only to it. It fails with [ErrGone] if
// the child has ended.
func (c *Child) Signal(sig unix.Signal) error { return c.handle.Signal(sig) }

// Exit tells how the child ended: its exit code, or -1 and the name of the signal
// that ended it ("SIGKILL"). ok is false while it runs, and if somebody else
// collected its status.
func (c *Child) Exit() (code int, signal string, ok bool) {
	select {
	case <-c.done:
		return c.status.code, c.status.signal, c.known
	default:
		return 0, "", false
	}
}
