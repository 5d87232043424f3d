package bindings

import (
	"context"
	"fmt"
	"sync"

	"github.com/cortexlua/cortexlua/bindings/internal/proc"
	"github.com/cortexlua/cortexlua/runtime"
)

// Process is the handle of one process whose identity was proved: a daemon that
// was located or started. A script can hold it, but not make one.
type Process struct {
	PID  int    `lua:"pid"`
	Name string `lua:"name"`
	p    *process
}

// process is what stands behind a handle.
type process struct {
	name    string
	id      proc.Identity
	cookie  string      // what its children carry in their environment
	log     string      // its log file, for messages
	child   *proc.Child // when this run started it; nil when it was found
	planned bool        // a dry run: it was never started

	open   sync.Once
	handle *proc.Handle
	err    error
}

// HandleType implements runtime.Handle.
func (Process) HandleType() string { return "process" }

// String names the process in messages: "worker (pid 4711)".
func (p Process) String() string { return p.p.String() }

func (p *process) String() string {
	if p.planned {
		return p.name + " (not started: dry run)"
	}
	return fmt.Sprintf("%s (pid %d)", p.name, p.id.PID)
}

func newProcess(p *process) Process { return Process{PID: p.id.PID, Name: p.name, p: p} }

// hold opens the pidfd once.
func (p *process) hold() (*proc.Handle, error) {
	p.open.Do(func() { p.handle, p.err = proc.Open(p.id) })
	return p.handle, p.err
}

// done is closed when the process has ended; at once if it is gone already. A
// planned process never ends.
func (p *process) done() (<-chan struct{}, error) {
	if p.planned {
		return nil, nil
	}
	if p.child != nil {
		return p.child.Done(), nil
	}
	h, err := p.hold()
	if err != nil {
		ended := make(chan struct{})
		close(ended)
		return ended, ignoreGone(err)
	}
	return h.Done(), nil
}

// ended says how the process ended, as far as it can be known: only its parent
// is told.
func (p *process) ended() (text string, details map[string]any) {
	details = map[string]any{"daemon": p.name, "pid": float64(p.id.PID)}
	if p.child == nil {
		return "ended", details
	}
	code, signal, ok := p.child.Exit()
	switch {
	case !ok:
		return "ended", details
	case signal != "":
		details["signal"] = signal
		return "was ended by " + signal, details
	}
	details["exit_code"] = float64(code)
	return fmt.Sprintf("ended with exit code %d", code), details
}

// release closes the pidfd. The process is not touched.
func (p *process) release() {
	p.open.Do(func() { p.err = proc.ErrGone })
	if p.handle != nil {
		_ = p.handle.Close()
	}
}

func ignoreGone(err error) error {
	if isGone(err) {
		return nil
	}
	return err
}

// adopt remembers a process for the rest of the run.
func (h *Host) adopt(c *runtime.Call, p *process) Process {
	c.OnEnd(p.release)
	return newProcess(p)
}

// children remembers what this run started, so that a process found again still
// knows how it ended.
type children struct {
	mu   sync.Mutex
	byID map[proc.Identity]*process
}

func (c *children) add(p *process) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byID == nil {
		c.byID = map[proc.Identity]*process{}
	}
	c.byID[p.id] = p
}

func (c *children) get(id proc.Identity) *process {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.byID[id]
}

// waitEnd waits for the end of a process.
func (p *process) waitEnd(ctx context.Context) error {
	done, err := p.done()
	if err != nil {
		return err
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
