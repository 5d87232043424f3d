package proc

import (
	"context"
	"sync"
)

// Table shares scans between callers. Everyone gets a scan that began after they
// asked; those who ask while one runs share the next. A hundred concurrent stops
// so cost two or three scans. The zero value is ready, safe for concurrent use.
type Table struct {
	mu      sync.Mutex
	next    *flight // the scan that those who ask now will share
	running bool
	scans   int // for tests
}

type flight struct {
	done chan struct{}
	snap *Snapshot
	err  error
}

// Snapshot returns a look at all processes that began after the call.
func (t *Table) Snapshot(ctx context.Context) (*Snapshot, error) {
	f := t.join()
	select {
	case <-f.done:
		return f.snap, f.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (t *Table) join() *flight {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.next == nil {
		t.next = &flight{done: make(chan struct{})}
	}
	if !t.running {
		t.running = true
		go t.run(t.next)
	}
	return t.next
}

// run scans until nobody waits for a scan.
func (t *Table) run(f *flight) {
	for f != nil {
		t.mu.Lock()
		t.next = nil // from here on, who asks needs a later scan
		t.scans++
		t.mu.Unlock()

		f.snap, f.err = Scan()
		close(f.done)

		t.mu.Lock()
		f = t.next
		t.running = f != nil
		t.mu.Unlock()
	}
}
