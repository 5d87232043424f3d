package vm

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// Call frames of a stack. A pure Lua recursion costs little, but one through
// metamethods takes about a kilobyte of Go stack for each frame, and nested
// stacks multiply, so deep ones are small. Lua 5.1 allows some 16,000 frames.
const (
	framesEntry  = 8000 // a run or a callback, and its first protected calls
	framesTask   = 1000 // a task or a coroutine, and its first protected calls
	framesNested = 200  // everything deeper
	roomyDepth   = 3    // how many levels count as first
	registryMax  = 1 << 17
)

// newThread makes a stack. It comes from the base state, which has no context: a
// child of a state with one would leave a context behind in its parent.
func (m *VM) newThread(ex *exec, depth, frames int) *thread {
	m.base.Options.CallStackSize = frames
	L, _ := m.base.NewThread()
	t := &thread{vm: m, L: L, exec: ex, depth: depth, frames: frames}
	L.Panic = t.raise
	L.SetContext(t)
	return t
}

// enter gives a stack for a protected call below t, or nil at the nesting limit.
func (t *thread) enter() *thread {
	if c := t.child; c != nil {
		t.child = nil
		return c
	}
	if t.depth >= t.vm.limits.Nesting {
		return nil
	}
	frames := t.frames
	if t.depth >= roomyDepth {
		frames = framesNested
	}
	c := t.vm.newThread(t.exec, t.depth+1, frames)
	c.co, c.parent = t.co, t
	return c
}

// leave keeps a stack for the next protected call, if an error has not left it in a
// state that cannot be mended.
func (t *thread) leave(c *thread, ok bool) {
	if ok || c.reset() {
		t.child = c
	}
}

// raise is what gopher-lua calls to throw the value on top of the stack. All
// frames are still there, so this is the place for error handlers and tracebacks.
func (t *thread) raise(L *lua.LState) {
	if t.exec.scope.dead() {
		panic(abort{t.exec.scope})
	}
	v := L.Get(-1)
	if s, ok := v.(lua.LString); ok && !t.verbatim {
		if msg := explain(L, string(s)); msg != string(s) {
			v = lua.LString(msg)
		}
	}
	t.verbatim = false
	r := &raised{value: v}
	if t.limit != nil && v == t.limitMsg {
		r.limit = t.limit
	}
	t.limit = nil
	if t.entry {
		r.trace = t.traceback(L, 0)
	}
	if t.handler != nil && !t.handling {
		t.handling = true
		r.value = t.handle(r.value)
	}
	panic(r)
}

// handle runs the error handler of xpcall on a stack above the failed one.
func (t *thread) handle(v lua.LValue) lua.LValue {
	out, r := t.sub(t.handler, v)
	if r != nil {
		return lua.LString("error in error handling")
	}
	if len(out) == 0 {
		return lua.LNil
	}
	return out[0]
}

// sub calls fn protected on a stack below t.
func (t *thread) sub(fn lua.LValue, args ...lua.LValue) ([]lua.LValue, *raised) {
	c := t.enter()
	if c == nil {
		return nil, &raised{value: lua.LString("stack overflow")}
	}
	c.L.Push(fn)
	for _, a := range args {
		c.L.Push(a)
	}
	r := c.call(len(args))
	if r != nil {
		t.leave(c, false)
		return nil, r
	}
	out := results(c.L)
	t.leave(c, true)
	return out, nil
}

// results takes all values off a stack.
func results(L *lua.LState) []lua.LValue {
	n := L.GetTop()
	if n == 0 {
		return nil
	}
	out := make([]lua.LValue, n)
	for i := range out {
		out[i] = L.Get(i + 1)
	}
	L.SetTop(0)
	return out
}

// call calls the function below nargs arguments on t's stack. A Lua error comes
// back; the end of a scope and the death of a coroutine go on as panics.
func (t *thread) call(nargs int) *raised {
	r := t.try(nargs)
	if r != nil && r.through != nil {
		panic(r.through)
	}
	return r
}

// try is call with everything that ends it as a value. Passing a panic on from here,
// and not from the deferred function, lets the Go stack go down first: otherwise
// each level of a deep nest would walk the frames of all levels below once more.
func (t *thread) try(nargs int) (r *raised) {
	defer func() {
		if v := recover(); v != nil {
			r = t.recovered(v)
		}
	}()
	t.L.Call(nargs, lua.MultRet)
	return nil
}

// recovered sorts out what a call ended with. A Go panic ends all scopes of the
// machine.
func (t *thread) recovered(v any) *raised {
	switch v := v.(type) {
	case *raised:
		return v
	case abort, killed:
		return &raised{through: v}
	case *lua.ApiError: // raised on a state that is not one of ours
		return &raised{value: v.Object}
	}
	if t.overflow(v) {
		t.broken = true
		return t.reraise("stack overflow")
	}
	t.vm.Abort(&PanicError{Value: v, Stack: debug.Stack()})
	return &raised{through: abort{t.exec.scope}}
}

// overflow recognises the Go panics by which gopher-lua reports a full stack: a
// plain string when the call frames run out, and an index of -1 when the registry
// does so in a tail call, where it looks for the line of a frame that has not
// started.
func (t *thread) overflow(v any) bool {
	switch v := v.(type) {
	case string:
		return v == "lua callstack overflow"
	case runtime.Error:
		return strings.Contains(v.Error(), "index out of range [-1]") && !t.inPrimitive()
	}
	return false
}

// inPrimitive tells whether the innermost frame is a Go function.
func (t *thread) inPrimitive() bool {
	dbg, ok := t.L.GetStack(0)
	if !ok {
		return false
	}
	_, err := t.L.GetInfo("S", dbg, nil)
	return err == nil && dbg.Source == ""
}

// reraise raises msg on a stack whose frames a Go panic has left as they were, so
// that upvalues are closed and handlers run as for any error.
func (t *thread) reraise(msg string) (r *raised) {
	defer func() {
		switch v := recover().(type) {
		case *raised:
			r = v
		case abort, killed:
			r = &raised{through: v}
		default:
			r = &raised{value: lua.LString(msg)}
		}
	}()
	t.L.Error(lua.LString(msg), 0)
	return nil
}

// Raise raises v as a Lua error, which pcall can catch. It does not return.
func Raise(L *lua.LState, v lua.LValue) {
	threadOf(L).verbatim = true
	L.Error(v, 0)
}

// Raisef raises a message with the position of the calling Lua code.
func Raisef(L *lua.LState, format string, args ...any) { throw(L, fmt.Sprintf(format, args...)) }

// fail raises a budget's error as an ordinary Lua error that Run can tell.
func (t *thread) fail(L *lua.LState, e *LimitError) {
	msg := lua.LString(where(L, 1) + e.Error())
	t.limit, t.limitMsg = e, msg
	Raise(L, msg)
}
