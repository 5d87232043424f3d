package runtime

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"
)

// Kind sorts errors into a closed set that scripts and exit codes rely on.
type Kind string

// The closed set of kinds.
const (
	Invalid  Kind = "invalid"   // the caller asked for something that makes no sense
	NotFound Kind = "not_found" // the thing is not there
	Conflict Kind = "conflict"  // the world is in the way: held by another, changed meanwhile
	Denied   Kind = "denied"    // a permission or the system said no
	Timeout  Kind = "timeout"   // a deadline passed
	Canceled Kind = "canceled"  // someone stopped the run
	Failed   Kind = "failed"    // it was tried and did not work
	Internal Kind = "internal"  // a defect of the runtime itself
)

// kinds lists the set in the order above, to check what a script raises.
var kinds = [...]Kind{Invalid, NotFound, Conflict, Denied, Timeout, Canceled, Failed, Internal}

// Error is what a primitive raises. In Lua it is a table with the fields kind,
// op, message, hint and details, and it prints as [Error.Error] does.
type Error struct {
	Kind    Kind
	Op      string         // the primitive, such as "process.stop"; set by the runtime
	Message string         // "cannot X: why", lower case, one line where possible
	Hint    string         // what to do next, often a command
	Details map[string]any // data for scripts: path, pid, survivors, log lines, ...
	Where   string         // the script's line that called the primitive: "upgrade.lua:12"
	Trace   string         // the script's traceback, or the stack of a defect
	Err     error          // the cause, for Go callers
}

// hintLine stands before a hint in the text of an error.
const hintLine = "\n  next: "

// Error gives "op: message", then the hint on a line of its own.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Op != "" {
		b.WriteString(e.Op)
		b.WriteString(": ")
	}
	b.WriteString(e.Message)
	if e.Hint != "" {
		b.WriteString(hintLine)
		b.WriteString(e.Hint)
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an [Error] of a kind. As with fmt.Errorf, %w keeps the cause.
func Errorf(kind Kind, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Kind: kind, Message: err.Error(), Err: errors.Unwrap(err)}
}

// WithHint returns a copy that tells what to do next.
func (e *Error) WithHint(format string, args ...any) *Error {
	c := *e
	c.Hint = fmt.Sprintf(format, args...)
	return &c
}

// With returns a copy that carries one more detail for scripts.
func (e *Error) With(key string, value any) *Error {
	c := *e
	c.Details = make(map[string]any, len(e.Details)+1)
	for k, v := range e.Details {
		c.Details[k] = v
	}
	c.Details[key] = value
	return &c
}

// KindOf tells the kind of any error. Errors that are not of this package are
// sorted by what they wrap: deadlines, cancellation, and the file errors of
// io/fs; all else is [Failed].
func KindOf(err error) Kind {
	var e *Error
	var d *DeadlineError
	var sig *Interrupted
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.Kind
	case errors.As(err, &d), errors.Is(err, context.DeadlineExceeded):
		return Timeout
	case errors.As(err, &sig), errors.Is(err, context.Canceled):
		return Canceled
	case errors.Is(err, fs.ErrNotExist):
		return NotFound
	case errors.Is(err, fs.ErrPermission):
		return Denied
	case errors.Is(err, fs.ErrExist):
		return Conflict
	}
	return Failed
}

// DeadlineError is the cause of a context that a time limit ended. Deadlines
// nest (run, step, call); the error names the one that fired.
type DeadlineError struct {
	What  string // "the run", `step "stop worker"`, "process.stop"
	Limit time.Duration
}

// Error gives "the run took longer than its limit of 15m0s".
func (e *DeadlineError) Error() string {
	return fmt.Sprintf("%s took longer than its limit of %s", e.What, FormatDuration(e.Limit))
}

// withDeadline nests a named time limit inside ctx.
func withDeadline(ctx context.Context, what string, limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, limit, &DeadlineError{What: what, Limit: limit})
}

// asError turns any error of a primitive into an [Error] that names op. When ctx
// has ended, the cause of that end is what the script is told.
func asError(ctx context.Context, op string, err error) *Error {
	if e, ok := err.(*Error); ok && e.Op != "" {
		return e
	}
	var e *Error
	if errors.As(err, &e) {
		c := *e
		c.Op = op
		if err != error(e) { // wrapped: what was put around it is part of the message
			c.Message = strings.Replace(err.Error(), hintLine+e.Hint, "", 1)
		}
		return &c
	}
	kind, text := KindOf(err), err.Error()
	if cause := context.Cause(ctx); cause != nil && (kind == Timeout || kind == Canceled) {
		kind, text = KindOf(cause), cause.Error()
	}
	return &Error{Kind: kind, Op: op, Message: text, Err: err}
}
