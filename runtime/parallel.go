package runtime

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/cortexlua/cortexlua/runtime/internal/vm"
)

// parallelOptions are the options of parallel.
type parallelOptions struct {
	Limit   int           `lua:"limit,opt" default:"16" min:"1" max:"1000" doc:"how many run at once"`
	OnError string        `lua:"on_error,opt" default:"cancel" enum:"cancel,wait" doc:"cancel: the first error ends the others and is raised; wait: all end, errors are returned"`
	Timeout time.Duration `lua:"timeout,opt" doc:"the time limit of each item"`
	After   [][]int       `lua:"after,opt" doc:"for each item the indexes of those that must have succeeded before"`
}

// errBlocked is why an item did not run: one that it comes after failed.
type errBlocked struct{ by int }

func (e errBlocked) Error() string { return fmt.Sprintf("blocked: item %d did not succeed", e.by) }

// maxParallel bounds how deep calls of parallel nest: each has stacks of its own.
const maxParallel = 16

// parallelKey is the context key of how deep code is in calls of parallel.
type parallelKey struct{}

// luaParallel is parallel(list, fn, options): fn(item, index) for every item,
// several at once. It returns the list of results; with on_error = "wait" also
// a table of errors by index, or nil when there were none.
func (r *Run) luaParallel(L *lua.LState) int {
	list, fn := L.CheckTable(1), L.CheckFunction(2)
	b, err := r.batchOf(L, "parallel", list, fn)
	if err != nil {
		raise(L, asError(vm.Context(L), "parallel", err))
	}
	r.vm.Block(L, b.start)
	return b.push(L)
}

// batch is one call of parallel.
type batch struct {
	run   *Run
	L     *lua.LState
	ctx   context.Context
	fn    *lua.LFunction
	items []lua.LValue
	opts  parallelOptions

	results []lua.LValue
	cancel  context.CancelCauseFunc
	ready   chan int // items that may start; it has room for all
	racing  bool     // the first that succeeds ends the others

	mu    sync.Mutex
	errs  []error
	first int     // index of the first item that failed, or -1
	waits []int   // for each item how many it still waits for
	next  [][]int // for each item those that wait for it
	ended int

	winner int // of a race: the index of the first that succeeded, or -1
}

func newBatch(r *Run, L *lua.LState, list *lua.LTable, fn *lua.LFunction, opts parallelOptions) (*batch, error) {
	list = behind(list)
	n := list.Len()
	b := &batch{
		run: r, L: L, fn: fn, opts: opts, first: -1, winner: -1,
		ready: make(chan int, n), waits: make([]int, n), next: make([][]int, n),
		results: make([]lua.LValue, n), errs: make([]error, n),
	}
	for i := range n {
		b.items = append(b.items, list.RawGetInt(i+1))
		b.results[i] = lua.LNil
	}
	if err := checkAfter(opts.After, n); err != nil {
		return nil, err
	}
	for i, before := range opts.After {
		b.waits[i] = len(before)
		for _, j := range before {
			b.next[j-1] = append(b.next[j-1], i)
		}
	}
	depth, _ := vm.Context(L).Value(parallelKey{}).(int)
	if depth >= maxParallel {
		return nil, Errorf(Invalid, "parallel nests deeper than %d calls", maxParallel)
	}
	b.ctx, b.cancel = context.WithCancelCause(context.WithValue(vm.Context(L), parallelKey{}, depth+1))
	return b, nil
}

// checkAfter refuses indexes out of range and an order that never starts.
func checkAfter(after [][]int, n int) error {
	if len(after) > n {
		return Errorf(Invalid, "after has %d entries for %d items", len(after), n)
	}
	state := make([]int8, n) // 0 new, 1 in hand, 2 fine
	var visit func(i int) error
	visit = func(i int) error {
		if i < 0 || i >= n {
			return Errorf(Invalid, "after names item %d, but there are %d items", i+1, n)
		}
		if state[i] == 1 {
			return Errorf(Invalid, "after is a circle through item %d", i+1)
		}
		if state[i] == 2 || i >= len(after) {
			return nil
		}
		state[i] = 1
		for _, d := range after[i] {
			if err := visit(d - 1); err != nil {
				return err
			}
		}
		state[i] = 2
		return nil
	}
	for i := range n {
		if err := visit(i); err != nil {
			return err
		}
	}
	return nil
}

// start runs the items, in their order as far as after and limit allow, and waits
// for all: no task outlives the call.
func (b *batch) start() {
	defer b.cancel(nil)
	for i := range b.items {
		if b.waits[i] == 0 {
			b.ready <- i
		}
	}
	if len(b.items) == 0 {
		close(b.ready)
	}
	var workers sync.WaitGroup
	for range min(b.opts.Limit, len(b.items)) {
		workers.Go(func() {
			for i := range b.ready {
				b.finish(i, b.item(i))
			}
		})
	}
	workers.Wait()
}

func (b *batch) item(i int) error {
	if b.ctx.Err() != nil {
		return context.Cause(b.ctx)
	}
	if by := b.blocker(i); by > 0 {
		return errBlocked{by}
	}
	ctx := b.ctx
	if b.opts.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = withDeadline(ctx, fmt.Sprintf("item %d of parallel", i+1), b.opts.Timeout)
		defer cancel()
	}
	results, err := b.run.vm.Run(ctx, b.fn, b.items[i], lua.LNumber(i+1))
	if err == nil && len(results) > 0 {
		b.results[i] = results[0]
	}
	return err
}

// blocker is the first item that i comes after and that did not succeed, or 0.
func (b *batch) blocker(i int) int {
	if i >= len(b.opts.After) {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, before := range b.opts.After[i] {
		if b.errs[before-1] != nil {
			return before
		}
	}
	return 0
}

// finish notes how item i ended and lets those go that waited for it.
func (b *batch) finish(i int, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err != nil {
		b.errs[i] = err
		if b.first < 0 {
			b.first = i
		}
		if !b.racing && b.opts.OnError == "cancel" {
			b.cancel(Errorf(Canceled, "another item of parallel failed"))
		}
	} else if b.racing && b.winner < 0 {
		b.winner = i
		b.cancel(errLost)
	}
	for _, next := range b.next[i] {
		if b.waits[next]--; b.waits[next] == 0 {
			b.ready <- next
		}
	}
	if b.ended++; b.ended == len(b.items) {
		close(b.ready)
	}
}

// push leaves the results on the stack, or raises the first error.
func (b *batch) push(L *lua.LState) int {
	if b.first >= 0 && b.opts.OnError == "cancel" {
		b.run.rethrow(L, b.errs[b.first])
	}
	out := L.CreateTable(len(b.results), 0)
	for i, v := range b.results {
		out.RawSetInt(i+1, v)
	}
	L.Push(out)
	if b.first < 0 {
		return 1
	}
	failed := L.CreateTable(0, 1)
	for i, err := range b.errs {
		if err != nil {
			failed.RawSetInt(i+1, b.errorValue(L, err))
		}
	}
	L.Push(failed)
	return 2
}

func (b *batch) errorValue(L *lua.LState, err error) lua.LValue {
	var script *vm.ScriptError
	var blocked errBlocked
	if errors.As(err, &script) {
		if tbl, ok := script.Value.(*lua.LTable); ok {
			return tbl
		}
	}
	if errors.As(err, &blocked) {
		return errorTable(L, Errorf(Conflict, "%s", blocked).With("blocked_by", blocked.by))
	}
	return errorTable(L, fromVM(err))
}
