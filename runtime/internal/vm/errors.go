package vm

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// ScriptError is a Lua error that no protected call of the script caught.
type ScriptError struct {
	Value     lua.LValue // what was raised; often a table of the host
	Message   string     // the value as text, with position if it is a string
	Traceback []string   // innermost first, bounded; "file:line: in function 'f'"

	limit *LimitError
}

func (e *ScriptError) Error() string { return e.Message }

// Unwrap gives the *[LimitError] behind an error that a budget raised (a string
// that would be too long), so that errors.As finds it.
func (e *ScriptError) Unwrap() error {
	if e.limit == nil {
		return nil
	}
	return e.limit
}

// SyntaxError is a chunk that does not compile.
type SyntaxError struct {
	Chunk string
	Line  int // 0 when not known
	Msg   string
}

func (e *SyntaxError) Error() string {
	if e.Line <= 0 {
		return fmt.Sprintf("%s: %s", e.Chunk, e.Msg)
	}
	return fmt.Sprintf("%s:%d: %s", e.Chunk, e.Line, e.Msg)
}

// PanicError is a Go panic inside a primitive or the machine itself. It ends the
// whole machine's running scopes and cannot be caught by a script: the state
// behind it is not known to be sound.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string {
	return fmt.Sprintf("internal error: %v", e.Value)
}

// raised is a Lua error under way, as a Go panic.
type raised struct {
	value lua.LValue
	trace []string
	limit *LimitError

	through any // not an error of the script: an abort or killed, to be passed on
}

// abort is the end of a scope under way, as a Go panic. Only the entry point that
// opened the scope recovers it for good.
type abort struct{ scope *scope }

// killed unwinds the goroutine of a coroutine that nobody can resume any more.
type killed struct{}

// scriptError renders r for the host. The error value may have a __tostring,
// which runs protected.
func (t *thread) scriptError(r *raised) *ScriptError {
	e := &ScriptError{Value: r.value, Traceback: r.trace, limit: r.limit}
	switch v := r.value.(type) {
	case lua.LString:
		e.Message = string(v)
	case lua.LNumber:
		e.Message = formatNumber(v)
	default:
		e.Message = t.describe(v)
	}
	e.Message = strings.TrimRight(clip(e.Message, 64<<10), "\n")
	return e
}

// describe calls __tostring of an error value, or says what type it is.
func (t *thread) describe(v lua.LValue) string {
	fn := t.vm.metaField(v, "__tostring")
	if c := t.enter(); fn.Type() == lua.LTFunction && c != nil {
		c.L.Push(fn)
		c.L.Push(v)
		if r := c.try(1); r == nil && c.L.GetTop() > 0 {
			if s, ok := c.L.Get(1).(lua.LString); ok {
				return string(s)
			}
		}
	}
	return fmt.Sprintf("(error object is a %s value)", v.Type())
}

// clip shortens a text for a message.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[:n] + "..."
}
