package runtime

import (
	"context"
	"errors"
	"fmt"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/cortexlua/cortexlua/runtime/internal/vm"
)

// undo is the way back of something done.
type undo struct {
	text string
	step string
	fn   *lua.LFunction
}

// runHandle is the table that a runbook's function is given: what the run is,
// and its steps.
func (r *Run) runHandle(params map[string]any) lua.LValue {
	L := r.vm.State()
	e := encoder{L: L, host: r}
	tbl := L.CreateTable(0, 9)
	tbl.RawSetString("id", lua.LString(r.id))
	tbl.RawSetString("name", lua.LString(r.name))
	tbl.RawSetString("home", lua.LString(r.opts.Home))
	tbl.RawSetString("dry_run", lua.LBool(r.opts.DryRun))
	tbl.RawSetString("params", r.vm.ReadOnly(e.any(params).(*lua.LTable)))
	tbl.RawSetString("step", L.NewFunction(r.luaStep))
	tbl.RawSetString("undo", L.NewFunction(r.luaUndo))
	tbl.RawSetString("on_exit", L.NewFunction(r.luaOnExit))
	tbl.RawSetString("unhealthy", L.NewFunction(r.luaUnhealthy))
	return r.vm.ReadOnly(tbl)
}

// luaStep is run:step(name, [{timeout=...}], fn): a named unit of the run, with
// a time limit of its own. It returns what fn returns.
func (r *Run) luaStep(L *lua.LState) int {
	name := L.CheckString(2)
	fn, _ := L.Get(3).(*lua.LFunction)
	var opts struct {
		Timeout time.Duration `lua:"timeout,opt" doc:"the time limit of the step"`
	}
	if fn == nil {
		if err := Decode(L.CheckTable(3), &opts, ""); err != nil {
			raise(L, asError(vm.Context(L), "run:step", err))
		}
		fn = L.CheckFunction(4)
	}
	ctx := context.WithValue(vm.Context(L), stepKey{}, name)
	if opts.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = withDeadline(ctx, fmt.Sprintf("the step %q", name), opts.Timeout)
		defer cancel()
	}
	results, err := r.step(ctx, L, name, fn)
	if err != nil {
		r.rethrow(L, err)
	}
	for _, v := range results {
		L.Push(v)
	}
	return len(results)
}

func (r *Run) step(ctx context.Context, L *lua.LState, name string, fn *lua.LFunction) ([]lua.LValue, error) {
	started := time.Now()
	r.emit(ctx, Event{Type: StepStarted, Text: name})
	results, err := r.vm.Call(ctx, L, fn)
	ended := Event{Type: StepEnded, Text: name, Took: time.Since(started)}
	if err != nil {
		ended.Err = fromVM(err)
	}
	r.emit(ctx, ended)
	return results, err
}

// rethrow passes a failure on as it came: a script's error as the same value,
// which an outer pcall may catch. A deadline of the step alone is an ordinary
// error to the code around the step; a defect or an exhausted limit ends the run.
func (r *Run) rethrow(L *lua.LState, err error) {
	r.vm.Check(L)
	if script, ok := err.(*vm.ScriptError); ok {
		if r.traced == nil || r.traced.Value != script.Value {
			r.traced = script
		}
		L.Error(script.Value, 0)
	}
	r.endOnFatal(L, err)
	raise(L, fromVM(err))
}

// endOnFatal ends the run if err is of the kind that no script may catch.
func (r *Run) endOnFatal(L *lua.LState, err error) {
	var limit *vm.LimitError
	var panicked *vm.PanicError
	if errors.As(err, &limit) || errors.As(err, &panicked) {
		r.vm.Abort(err)
		r.vm.Check(L)
	}
}

// luaUndo is run:undo(text, fn): the way back of the step just done. If the run
// fails later, the undos run in reverse.
func (r *Run) luaUndo(L *lua.LState) int {
	u := undo{text: L.CheckString(2), fn: L.CheckFunction(3), step: stepOf(vm.Context(L))}
	r.mu.Lock()
	r.undos = append(r.undos, u)
	r.mu.Unlock()
	r.nameDeadline(func(e *ending) { e.undos = true })
	return 0
}

// goBack runs the undos of a failed run, the last first, under a fresh time
// limit: the run's own may be what ended it. One that fails does not stop the
// others. It returns what was restored and what was not.
func (r *Run) goBack(ctx context.Context, limit time.Duration) (restored []string, failed []UndoFailure) {
	if r.opts.DryRun || len(r.undos) == 0 {
		return nil, nil
	}
	r.nameDeadline(func(e *ending) {
		e.deadline, e.why, e.undos = time.Now().Add(limit), (&DeadlineError{What: "going back", Limit: limit}).Error(), false
	})
	ctx, cancel := withDeadline(context.WithoutCancel(ctx), "going back", limit)
	defer cancel()
	for i := len(r.undos) - 1; i >= 0; i-- {
		u := r.undos[i]
		stepCtx := context.WithValue(ctx, stepKey{}, "undo: "+u.text)
		started := time.Now()
		r.emit(stepCtx, Event{Type: UndoStarted, Text: u.text})
		_, err := r.vm.Run(stepCtx, u.fn)
		ended := Event{Type: UndoEnded, Text: u.text, Took: time.Since(started)}
		if err != nil {
			ended.Err = fromVM(err)
			failed = append(failed, UndoFailure{Undo: u.text, Err: ended.Err})
		} else {
			restored = append(restored, u.text)
		}
		r.emit(stepCtx, ended)
	}
	r.undos = nil
	return restored, failed
}

// luaUnhealthy is run:unhealthy(message): the run did its work and found
// something that is not as it should be. The exit code says so.
func (r *Run) luaUnhealthy(L *lua.LState) int {
	r.unhealthy = append(r.unhealthy, L.CheckString(2))
	return 0
}
