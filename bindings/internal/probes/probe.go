// Package probes tells whether a daemon can do its work, and waits until it can.
//
// "Alive after two seconds" says little: a daemon is ready when something that
// only a working daemon does has happened. Each probe is one such thing: a port
// that accepts, a URL that answers, a program that ends with 0, a state file
// that was written since the start, a new line of the log.
//
// Waiting is an event where the kernel offers one (inotify for files and logs,
// the end of the process for everything), and a probe's own interval elsewhere.
// A wait ends at once when the process behind the probe dies.
package probes

import (
	"context"
	"io"

	"github.com/cortexlua/cortexlua/bindings/internal/files"
)

// Probe looks whether one thing is as it should be. A Probe may remember what it
// saw, so it serves one wait at a time.
type Probe interface {
	// Check looks once. It returns nil when the probe passes, and otherwise why
	// it does not.
	Check(ctx context.Context) error
	// String says what is waited for: "127.0.0.1:5001 to accept a connection".
	String() string
}

// watched is a Probe of a file: it can only change when the file does.
type watched interface {
	Probe
	watch() (roots *files.Roots, path string)
}

// Close releases what a probe holds open.
func Close(p Probe) error {
	if c, ok := p.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// Alive passes always: what it asks for is that the process does not end, and
// that ends every wait.
type Alive struct{}

// Check passes.
func (Alive) Check(context.Context) error { return nil }

// String says what is waited for.
func (Alive) String() string { return "it to stay alive" }
