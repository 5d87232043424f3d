package vm

import (
	"context"
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// hangGrace is how long a run may go on after its context has ended before it
// counts as hung.
const hangGrace = 150 * time.Millisecond

// guardPeriod is how often memory is looked at; one look takes well under 1 µs.
const guardPeriod = 5 * time.Millisecond

// OnHang sets what is called when Lua code does not end within a grace of 150 ms
// after the context of its run has ended: a Go call hangs that no check can reach.
// The host then writes its record and ends the process. reason is the cause of
// the end. Time that a primitive spends in [VM.Block] does not count: it has the
// context, and may need longer to end children in order.
func (m *VM) OnHang(f func(reason error)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.onHang = f
}

// timeHang arms the hang call for a run; the result disarms it.
func (m *VM) timeHang(s *scope) (stop func()) {
	ended := make(chan struct{})
	off := context.AfterFunc(s.ctx, func() {
		if s.hangs(ended) {
			m.mu.Lock()
			f := m.onHang
			m.mu.Unlock()
			if f != nil {
				f(context.Cause(s.ctx))
			}
		}
	})
	return func() { off(); close(ended) }
}

// hangs waits until the scope has ended, or has been in Lua code for the whole of
// a grace.
func (s *scope) hangs(ended <-chan struct{}) bool {
	timer := time.NewTimer(hangGrace)
	defer timer.Stop()
	for turns := s.turns.Load(); ; {
		select {
		case <-ended:
			return false
		case <-timer.C:
		}
		now := s.turns.Load()
		if now == turns && now%2 == 0 {
			return true
		}
		turns = now
		timer.Reset(hangGrace)
	}
}

// watch is the running guard.
type watch struct {
	quit chan struct{}
}

// startWatch runs while any scope is open. The caller holds m.mu.
func (m *VM) startWatch() {
	softMemoryLimit(m.limits.Memory * 5 / 8)
	w := &watch{quit: make(chan struct{})}
	m.watch = w
	go m.guard(w)
}

// settle gives garbage of an earlier run back, so that a cleanup after a run that
// went over its memory does not end at once.
func (m *VM) settle() {
	if readMemory(memorySample()) > m.memoryStop()/2 {
		debug.FreeOSMemory()
	}
}

// stopWatch ends the guard. The caller holds m.mu.
func (m *VM) stopWatch() {
	close(m.watch.quit)
	m.watch = nil
}

func (m *VM) guard(w *watch) {
	tick := time.NewTicker(guardPeriod)
	defer tick.Stop()
	sample := memorySample()
	for {
		select {
		case <-w.quit:
			return
		case <-tick.C:
			if readMemory(sample) > m.memoryStop() {
				m.Abort(&LimitError{Name: "memory", Limit: m.limits.Memory})
			}
		}
	}
}

// memoryStop is where scripts are stopped: below the limit, because they go on
// allocating until they notice.
func (m *VM) memoryStop() int64 { return m.limits.Memory - m.limits.Memory/8 }

// memorySample names what the process holds: all that the Go runtime has mapped
// less what it has given back.
func memorySample() []metrics.Sample {
	return []metrics.Sample{
		{Name: "/memory/classes/total:bytes"},
		{Name: "/memory/classes/heap/released:bytes"},
	}
}

func readMemory(s []metrics.Sample) int64 {
	metrics.Read(s)
	return int64(s[0].Value.Uint64() - s[1].Value.Uint64())
}

// softLimit holds the lowest soft limit that a machine has asked for. The limit is
// the process's: without it garbage counts as a leak.
var softLimit struct {
	sync.Mutex
	bytes int64
}

func softMemoryLimit(n int64) {
	softLimit.Lock()
	defer softLimit.Unlock()
	if softLimit.bytes != 0 && softLimit.bytes <= n {
		return
	}
	if now := debug.SetMemoryLimit(-1); now == math.MaxInt64 || now > n {
		debug.SetMemoryLimit(n)
	}
	softLimit.bytes = n
}

// smallAlloc is what may be allocated without a look at the memory in use.
const smallAlloc = 256 << 10

// Room makes sure that n more bytes fit: into a single string, and into what is
// left of the memory limit. Call it before a large allocation. If they do not
// fit into a string, the script gets a Lua error; if they do not fit into
// memory even after a collection, the script ends.
func (m *VM) Room(L *lua.LState, n int) { threadOf(L).room(L, n) }

func (t *thread) room(L *lua.LState, n int) {
	m := t.vm
	if n < 0 || n > m.limits.String {
		t.fail(L, &LimitError{Name: "string", Limit: int64(m.limits.String), Want: int64(n)})
	}
	if n > smallAlloc {
		m.memoryRoom(int64(n))
		t.check()
	}
}

// memoryRoom ends the machine's scopes if n more bytes do not fit.
func (m *VM) memoryRoom(n int64) {
	sample := memorySample()
	if readMemory(sample)+n <= m.memoryStop() {
		return
	}
	runtime.GC()
	debug.FreeOSMemory()
	if readMemory(sample)+n > m.memoryStop() {
		m.Abort(&LimitError{Name: "memory", Limit: m.limits.Memory})
	}
}
