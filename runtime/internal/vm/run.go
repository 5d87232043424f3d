package vm

import (
	"context"
	"sync/atomic"

	lua "github.com/yuin/gopher-lua"
)

func (m *VM) take() { <-m.baton }
func (m *VM) put()  { m.baton <- struct{}{} }

// takeIn takes the baton, or gives up when the scope ends.
func (m *VM) takeIn(s *scope) error {
	select {
	case <-m.baton:
		return nil
	default:
	}
	select {
	case <-m.baton:
		return nil
	case <-s.done:
		return s.err()
	}
}

// Run takes the baton and calls fn under ctx on a stack of its own. It must not
// be called by a holder of the baton; see [VM.Call] for that.
//
// The error is a *[ScriptError] for a Lua error, a *[LimitError] for an abort over
// a budget, a *[PanicError] for a Go panic, or the cause of ctx's end.
func (m *VM) Run(ctx context.Context, fn *lua.LFunction, args ...lua.LValue) ([]lua.LValue, error) {
	m.settle()
	s := m.open(ctx)
	defer s.close()
	stop := m.timeHang(s)
	defer stop()
	if err := m.takeIn(s); err != nil {
		return nil, err
	}
	defer m.put()
	return m.newThread(&exec{s, s.done}, 0, framesEntry).enterCall(fn, args)
}

// Call is Run for code that holds the baton already: a primitive that calls back
// into Lua. parent is the state that the primitive was called with.
func (m *VM) Call(ctx context.Context, parent *lua.LState, fn *lua.LFunction, args ...lua.LValue) ([]lua.LValue, error) {
	p := threadOf(parent)
	if p.depth >= m.limits.Nesting {
		return nil, &LimitError{Name: "nesting", Limit: int64(m.limits.Nesting)}
	}
	s := m.open(ctx)
	s.root = p.exec.scope.root
	defer s.close()
	frames := p.frames
	if p.depth >= roomyDepth {
		frames = framesNested
	}
	t := m.newThread(&exec{s, s.done}, p.depth+1, frames)
	t.parent, t.co = p, p.co
	return t.enterCall(fn, args)
}

// enterCall runs fn on a fresh stack and turns what comes out into Go errors. The end
// of a scope that is not its own goes on to the one who opened that.
func (t *thread) enterCall(fn *lua.LFunction, args []lua.LValue) ([]lua.LValue, error) {
	s := t.exec.scope
	t.entry = true
	t.L.Push(fn)
	for _, a := range args {
		t.L.Push(a)
	}
	r := t.try(len(args))
	var failed error
	if r != nil && r.through == nil {
		failed = t.scriptError(r)
	} else if r != nil {
		if a, ok := r.through.(abort); !ok || a.scope != s {
			panic(r.through)
		}
	}
	if err := s.err(); err != nil {
		return nil, err
	}
	if failed != nil {
		return nil, failed
	}
	return results(t.L), nil
}

// Block gives the baton away while f runs and takes it back. f must not touch Lua.
// If the scope has ended meanwhile, the script is ended here.
func (m *VM) Block(L *lua.LState, f func()) {
	t := threadOf(L)
	t.check()
	current := L.G.CurrentThread
	m.yieldBaton(&t.exec.scope.root.turns, f)
	L.G.CurrentThread = current
	t.check()
}

// yieldBaton counts the wait for the baton as part of the absence: another task's
// long turn is not this one's hang.
func (m *VM) yieldBaton(turns *atomic.Uint64, f func()) {
	turns.Add(1)
	m.put()
	defer func() {
		m.take()
		turns.Add(1)
	}()
	f()
}
