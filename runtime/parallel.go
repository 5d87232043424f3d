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

// luaParallel is parallel(list, fn, options): fn(item, index) for every item,
// several at once. It returns the list of results; with on_error = "wait" also
// a table of errors by index, or nil when there were none.
func (r *Run) luaParallel(L *lua.LState) int {
	list, fn := L.CheckTable(1), L.CheckFunction(2)
	opts := parallelOptions{Limit: 16, OnError: "cancel"}
	if L.GetTop() > 2 && L.Get(3) != lua.LNil {
		if err := Decode(L.CheckTable(3), &opts, ""); err != nil {
			raise(L, asError(vm.Context(L), "parallel", err))
		}
	}
	b, err := newBatch(r, L, list, fn, opts)
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

	slots   chan struct{}
	done    []chan struct{}
	results []lua.LValue
	errs    []error

	cancel context.CancelCauseFunc
	mu     sync.Mutex
	first  int // index of the first item that failed, or -1
}

func newBatch(r *Run, L *lua.LState, list *lua.LTable, fn *lua.LFunction, opts parallelOptions) (*batch, error) {
	n := list.Len()
	b := &batch{
		run: r, L: L, fn: fn, opts: opts, first: -1,
		slots: make(chan struct{}, opts.Limit), done: make([]chan struct{}, n),
		results: make([]lua.LValue, n), errs: make([]error, n),
	}
	b.ctx, b.cancel = context.WithCancelCause(vm.Context(L))
	for i := range n {
		b.items = append(b.items, list.RawGetInt(i+1))
		b.done[i] = make(chan struct{})
		b.results[i] = lua.LNil
	}
	return b, checkAfter(opts.After, n)
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
			return Errorf(Invalid, "after names item %d of %d", i+1, n)
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

// start runs every item when those before it are done, and waits for all: no
// task outlives the call.
func (b *batch) start() {
	defer b.cancel(nil)
	var all sync.WaitGroup
	for i := range b.items {
		all.Go(func() {
			defer close(b.done[i])
			b.finish(i, b.item(i))
		})
	}
	all.Wait()
}

func (b *batch) item(i int) error {
	if i < len(b.opts.After) {
		for _, before := range b.opts.After[i] {
			select {
			case <-b.done[before-1]:
			case <-b.ctx.Done():
				return context.Cause(b.ctx)
			}
			if b.errs[before-1] != nil {
				return errBlocked{before}
			}
		}
	}
	select {
	case b.slots <- struct{}{}:
		defer func() { <-b.slots }()
	case <-b.ctx.Done():
		return context.Cause(b.ctx)
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

func (b *batch) finish(i int, err error) {
	if err == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.errs[i] = err
	if b.first < 0 {
		b.first = i
	}
	if b.opts.OnError == "cancel" {
		b.cancel(Errorf(Canceled, "another item of parallel failed"))
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
