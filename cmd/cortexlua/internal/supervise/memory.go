package supervise

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// How often memory is looked at depends on how much is left: a tree is assumed to
// touch no more than fillRate bytes a second (copying into one large string makes
// up to 6 GB/s of new pages), so a run far below its limit costs 40 looks a second, and one near it
// 300. Waking up costs Go more than looking: two or three looks take 1 ms.
const (
	fillRate = 8 << 30
	minLook  = 3 * time.Millisecond
	maxLook  = 50 * time.Millisecond

	// maxWalk is how long a walk is trusted in any case: the kernel may leave out
	// children while others end.
	maxWalk = 100 * time.Millisecond
)

// mostUsed is where the tree is ended: three sixteenths below its limit, because it grows
// on until it is seen and dead, and this process takes some memory, too. So the limit
// itself is not passed, on a busy machine neither.
func mostUsed(limit int64) int64 { return limit - limit/16*3 }

func lookAgainIn(used, most int64) time.Duration {
	left := float64(max(most-used, 0)) / fillRate
	return min(max(time.Duration(left*float64(time.Second)), minLook), maxLook)
}

// meter adds up the resident memory of the tree. Walking the tree costs some
// hundred microseconds, so it is done only when processes were made since the last
// walk.
type meter struct {
	tree    *tree
	known   []process
	lastPID int
	walked  time.Time
}

func (m *meter) refresh() {
	newest, ok := lastPID()
	if ok && newest == m.lastPID && time.Since(m.walked) < maxWalk {
		return
	}
	m.walked = time.Now()
	m.known, m.lastPID = m.tree.members(), newest
}

// used is the resident memory of the tree in bytes. Pages that processes share are
// counted for each.
func (m *meter) used() int64 {
	m.refresh()
	var sum int64
	for _, p := range m.known {
		sum += memoryOf(p.pid).resident
	}
	return sum
}

// overrun is a tree that would pass its limit.
type overrun struct {
	limit, used int64
	largest     process
	most        int64
}

// over looks again, exactly, at a tree that seems to have used too much: between
// clone(CLONE_VFORK) and exec a child lives in the memory of its parent, which must
// not be counted twice.
func (m *meter) over(limit int64) (overrun, bool) {
	o := overrun{limit: limit}
	seen := map[int]usage{}
	for _, p := range m.known {
		u := memoryOf(p.pid)
		seen[p.pid] = u
		if parent, here := seen[p.parent]; here && parent.size == u.size && sameMemory(p.pid, p.parent) {
			continue
		}
		o.used += u.resident
		if u.resident > o.most {
			o.largest, o.most = p, u.resident
		}
	}
	return o, o.used > mostUsed(limit)
}

// sameMemory asks kcmp(2). Where that is forbidden (containers) or not built in, it
// believes the equal size, which the caller has seen.
func sameMemory(a, b int) bool {
	const kcmpVM = 1
	order, _, errno := unix.Syscall6(unix.SYS_KCMP, uintptr(a), uintptr(b), kcmpVM, 0, 0, 0)
	return errno != 0 || order == 0
}

func (o overrun) String() string {
	return fmt.Sprintf("the run and the programs it started used %s and would pass the memory limit of %s (most: %s, pid %d, %s)",
		mebibytes(o.used), mebibytes(o.limit), clean(o.largest.name, 16), o.largest.pid, mebibytes(o.most))
}

func mebibytes(n int64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d MiB", n>>20)
}
