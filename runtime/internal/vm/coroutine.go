package vm

import (
	"iter"
	"runtime"
	"weak"

	lua "github.com/yuin/gopher-lua"
)

// coroutine runs a Lua function on a goroutine of its own, handed over to and back
// by iter.Pull. So a yield is legal anywhere: inside pcall, a metamethod, an
// iterator, a comparator (upstream returns early or crashes there: issues 45 and
// 306), and a nest of coroutines is not a nest of Go calls.
//
// The Lua value of a coroutine is its handle, an otherwise empty state that the
// goroutine does not refer to. When the collector finds the handle lost, the
// coroutine is unwound.
type coroutine struct {
	vm     *VM
	t      *thread
	exec   *exec
	fn     lua.LValue
	handle weak.Pointer[lua.LState]
	status coStatus
	next   func() (struct{}, bool)
	stop   func()
	yield  func(struct{}) bool
	values []lua.LValue // on their way in or out
	failed *raised      // what ended it, if not a return
}

type coStatus int

const (
	coSuspended coStatus = iota
	coRunning
	coNormal
	coDead
)

func (s coStatus) String() string {
	return [...]string{"suspended", "running", "normal", "dead"}[s]
}

// String and Type let a coroutine stand in its handle as a Lua value; scripts never
// see it.
func (co *coroutine) String() string       { return "coroutine" }
func (co *coroutine) Type() lua.LValueType { return lua.LTUserData }

// newCoroutine makes a suspended coroutine and gives its handle.
func newCoroutine(L *lua.LState) *lua.LState {
	t := threadOf(L)
	m := t.vm
	m.reap()
	if m.live >= m.limits.Coroutines && !m.reclaim() {
		t.fail(L, &LimitError{Name: "coroutines", Limit: int64(m.limits.Coroutines)})
	}
	co := &coroutine{vm: m, fn: checkFunction(L, 1), exec: &exec{}}
	handle := &lua.LState{G: L.G, Env: &lua.LTable{Metatable: co}}
	co.handle = weak.Make(handle)
	m.live++
	if m.all == nil {
		m.all = map[*coroutine]struct{}{}
	}
	m.all[co] = struct{}{}
	runtime.AddCleanup(handle, m.lose, co)
	return handle
}

// lose queues a coroutine whose handle is gone. It runs on a goroutine of the
// collector, without the baton.
func (m *VM) lose(co *coroutine) {
	m.mu.Lock()
	m.doomed = append(m.doomed, co)
	m.mu.Unlock()
	m.lost.Add(1)
}

// reap unwinds lost coroutines. The caller holds the baton.
func (m *VM) reap() {
	if m.lost.Load() == 0 {
		return
	}
	m.mu.Lock()
	list := m.doomed
	m.doomed = nil
	m.lost.Store(0)
	m.mu.Unlock()
	for _, co := range list {
		co.kill()
	}
}

func (m *VM) reapAll() {
	for co := range m.all {
		co.kill()
	}
}

// reclaim looks for lost coroutines with a collection.
func (m *VM) reclaim() bool {
	for range 3 {
		runtime.GC()
		for range 20 {
			runtime.Gosched()
			m.reap()
			if m.live < m.limits.Coroutines {
				return true
			}
		}
	}
	return false
}

// kill ends a suspended coroutine.
func (co *coroutine) kill() {
	if co.status != coSuspended {
		return
	}
	if co.stop != nil {
		co.status = coRunning
		co.stop()
	}
	co.end()
}

func (co *coroutine) end() {
	if co.status == coDead {
		return
	}
	co.status = coDead
	co.t, co.fn = nil, nil
	co.vm.live--
	delete(co.vm.all, co)
}

// start makes the stack and the goroutine at the first resume.
func (co *coroutine) start() {
	co.t = co.vm.newThread(co.exec, 0, framesTask)
	co.t.co = co
	co.next, co.stop = iter.Pull(func(yield func(struct{}) bool) {
		co.yield = yield
		t, n := co.t, len(co.values)
		t.L.Push(co.fn)
		for _, v := range co.values {
			t.L.Push(v)
		}
		co.values = nil
		if r := t.try(n); r != nil {
			co.failed = r
			return
		}
		co.values = results(t.L)
	})
}

// resume runs co from thread t until it yields, ends or fails.
func (co *coroutine) resume(t *thread, args []lua.LValue) (out []lua.LValue, errv lua.LValue) {
	if co.status != coSuspended {
		return nil, lua.LString("cannot resume " + co.status.String() + " coroutine")
	}
	if t.depth >= co.vm.limits.Nesting {
		return nil, lua.LString("stack overflow")
	}
	caller := t.co
	if caller != nil {
		caller.status = coNormal
	}
	*co.exec = *t.exec
	co.values, co.status = args, coRunning
	if co.next == nil {
		co.start()
	}
	co.t.depth, co.t.parent = t.depth+1, t
	_, yielded := co.next()
	if caller != nil {
		caller.status = coRunning
	}
	return co.after(t, yielded)
}

// after sorts out how a resume came back.
func (co *coroutine) after(t *thread, yielded bool) ([]lua.LValue, lua.LValue) {
	out := co.values
	co.values = nil
	if yielded {
		co.status = coSuspended
		co.t.parent = nil
		t.check()
		return out, nil
	}
	failed := co.failed
	co.end()
	t.check()
	switch {
	case failed == nil:
		return out, nil
	case failed.through != nil:
		panic(failed.through)
	}
	return nil, failed.value
}
