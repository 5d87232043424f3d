package vm

import (
	"context"
	"sync/atomic"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// A scope is what one context covers: a run, a callback, a task. Scopes nest
// through their contexts only.
type scope struct {
	root *scope // of the Run or the task that this one is part of
	// turns counts how often the root's thread has gone into Block and come out:
	// odd while it is in there. Only used in a root.
	turns atomic.Uint64

	vm     *VM
	ctx    context.Context
	cancel context.CancelCauseFunc
	done   <-chan struct{}
}

// open starts a scope under ctx. The machine can end it too (see VM.Abort).
func (m *VM) open(ctx context.Context) *scope {
	ctx, cancel := context.WithCancelCause(ctx)
	s := &scope{vm: m, ctx: ctx, cancel: cancel, done: ctx.Done()}
	s.root = s
	m.mu.Lock()
	m.scopes[s] = struct{}{}
	if len(m.scopes) == 1 {
		m.startWatch()
	}
	m.mu.Unlock()
	return s
}

func (s *scope) close() {
	m := s.vm
	m.mu.Lock()
	delete(m.scopes, s)
	if len(m.scopes) == 0 {
		m.stopWatch()
	}
	m.mu.Unlock()
	s.cancel(context.Canceled)
}

// dead tells whether the scope's context has ended.
func (s *scope) dead() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// err is why the scope ended, or nil.
func (s *scope) err() error {
	if !s.dead() {
		return nil
	}
	return context.Cause(s.ctx)
}

// exec is what a chain of threads runs under. The threads of a coroutine share
// one, which each resume points to the scope of whoever resumed it.
type exec struct {
	scope *scope
	done  <-chan struct{}
}

// thread is one Lua stack and the context that gopher-lua asks before each
// instruction. It implements context.Context by hand: a child context for each
// stack would stay linked in its parent until that ends.
type thread struct {
	vm     *VM
	L      *lua.LState
	exec   *exec
	co     *coroutine // the coroutine that this stack belongs to, if any
	parent *thread    // who called, for tracebacks
	child  *thread    // a spare stack for the next protected call
	depth  int
	frames int

	handler  *lua.LFunction // of xpcall
	handling bool
	broken   bool // the stack overflowed
	verbatim bool // the error under way is not gopher-lua's own
	entry    bool // an error leaves to the host: it wants a traceback
	limit    *LimitError
	limitMsg lua.LValue
}

func (t *thread) Deadline() (time.Time, bool) { return t.exec.scope.ctx.Deadline() }
func (t *thread) Done() <-chan struct{}       { return t.exec.done }
func (t *thread) Value(key any) any           { return t.exec.scope.ctx.Value(key) }

func (t *thread) Err() error {
	if err := t.exec.scope.ctx.Err(); err != nil {
		return err
	}
	return nil
}

// threadOf finds the thread of a state that runs a primitive.
func threadOf(L *lua.LState) *thread { return L.Context().(*thread) }

// Context is the context of the running scope: what a primitive waits under.
func Context(L *lua.LState) context.Context { return threadOf(L).exec.scope.ctx }

// check raises the abort if the scope has ended.
func (t *thread) check() {
	select {
	case <-t.exec.done:
		panic(abort{t.exec.scope})
	default:
	}
}

// Check ends the running script if its context has ended. Long loops of
// primitives call it every few hundred steps.
func (m *VM) Check(L *lua.LState) { threadOf(L).check() }

// Abort ends every running scope of the machine with the given cause. Scripts
// cannot catch it. It may be called from any goroutine.
func (m *VM) Abort(cause error) {
	m.mu.Lock()
	scopes := make([]*scope, 0, len(m.scopes))
	for s := range m.scopes {
		scopes = append(scopes, s)
	}
	m.mu.Unlock()
	for _, s := range scopes {
		s.cancel(cause)
	}
}

// AbortRun ends the scope that L runs in, with err as what Run, Call or Wait
// returns. It does not return.
func AbortRun(L *lua.LState, err error) {
	s := threadOf(L).exec.scope
	s.cancel(err)
	panic(abort{s})
}
