package runtime

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"

	"github.com/cortexlua/cortexlua/runtime/internal/vm"
)

// loadLimit is how long a file may take to load. Loading only defines things.
const loadLimit = 5 * time.Second

// scriptTimeout is the time limit of a script without a header.
const scriptTimeout = 10 * time.Minute

// Runbook is a loaded script, ready to run once.
type Runbook struct {
	// Header is nil for a short script without one.
	Header *Header
	// Path is where the text came from.
	Path string

	run  *Run
	main *lua.LFunction // the whole chunk; with a header, only what defines it
}

// Load compiles a script and reads its header. Nothing of the machine is
// touched: until the run starts, every primitive refuses.
//
// A file whose last statement returns a call of define (runbook.define{...}) is
// a runbook with a header; anything else is a short script, which runs as a
// whole.
func Load(ctx context.Context, src Source, opts Options) (*Runbook, error) {
	r := newRun(opts)
	r.path = src.Path
	r.name = strings.TrimSuffix(filepath.Base(src.Path), ".lua")
	proto, err := r.vm.Compile(src.Path, src.Text)
	if err != nil {
		return nil, fromVM(err)
	}
	rb := &Runbook{Path: src.Path, run: r, main: r.vm.Load(proto)}
	if !definesRunbook(src) {
		return rb, nil
	}
	ctx, cancel := withDeadline(context.WithValue(ctx, loadingKey{}, true), "loading "+src.Path, loadLimit)
	defer cancel()
	results, err := r.vm.Run(ctx, rb.main)
	if err != nil {
		return nil, fromVM(err)
	}
	rb.Header, err = r.header(results)
	if err != nil {
		e := asError(ctx, "", err)
		e.Message = src.Path + ": " + e.Message
		return nil, e
	}
	r.name = rb.Header.Name
	return rb, nil
}

// definesRunbook looks at the syntax tree, so that a script need not run to know
// what it is.
func definesRunbook(src Source) bool {
	if !bytes.Contains(src.Text, []byte("define")) {
		return false
	}
	chunk, err := parseChunk(src)
	if err != nil || len(chunk) == 0 {
		return false
	}
	ret, ok := chunk[len(chunk)-1].(*ast.ReturnStmt)
	if !ok || len(ret.Exprs) != 1 {
		return false
	}
	call, ok := ret.Exprs[0].(*ast.FuncCallExpr)
	if !ok {
		return false
	}
	get, ok := call.Func.(*ast.AttrGetExpr)
	if !ok {
		return false
	}
	key, ok := get.Key.(*ast.StringExpr)
	return ok && key.Value == "define"
}

func (r *Run) header(results []lua.LValue) (*Header, error) {
	if len(results) == 0 {
		return nil, Errorf(Invalid, "the file returned nothing: end it with return runbook.define({ ... })")
	}
	tbl, ok := results[0].(*lua.LTable)
	if !ok {
		return nil, Errorf(Invalid, "runbook.define returned %s, not a table", describe(results[0]))
	}
	h := &Header{}
	if err := decodeStruct(newDecoder(r.vm.State(), r), tbl, h, ""); err != nil {
		return nil, err
	}
	return h, h.check()
}

// Outcome is how a run ended.
type Outcome string

// The outcomes of a run.
const (
	Done      Outcome = "done"
	Unhealthy Outcome = "unhealthy" // done, and what was looked at is not as it should be
	Broken    Outcome = "failed"
)

// UndoFailure is an undo that did not work: what an operator must do by hand.
type UndoFailure struct {
	Undo string
	Err  *Error
}

// Result is what a run leaves.
type Result struct {
	RunID      string
	Runbook    string
	Outcome    Outcome
	DryRun     bool
	Value      any // what the script returned, as plain data
	Changes    []ChangeRecord
	Problems   []string // what run:unhealthy said
	Err        *Error
	Restored   []string // what was undone after a failure
	UndoFailed []UndoFailure
	Started    time.Time
	Took       time.Duration
}

// Order says how a loaded runbook is to run.
type Order struct {
	// Params are as [Header.CompleteParams] returns them.
	Params map[string]any
	// Operator is what the operator allows; the header can only narrow it.
	Operator Layer
	// Policy holds the layers of the machine's policy files, which stand between
	// the header and the operator.
	Policy []Layer
	// Timeout replaces the header's time limit of the run when it is not zero.
	Timeout time.Duration
}

// Run executes the runbook. When it fails, what it did is undone in reverse, and
// the result says what was restored. A Runbook runs once.
func (rb *Runbook) Run(ctx context.Context, o Order) Result {
	r := rb.run
	limit, undoLimit := scriptTimeout, scriptTimeout
	if rb.Header != nil {
		limit, undoLimit = rb.Header.Timeout, rb.Header.UndoTimeout
		r.setLimits(rb.Header.Limits)
	}
	r.grant = rb.Grant(o)
	if o.Timeout > 0 {
		limit = o.Timeout
	}
	res := Result{RunID: r.id, Runbook: r.name, DryRun: r.opts.DryRun, Outcome: Done, Started: r.opts.Now()}
	started := time.Now()
	r.emit(ctx, Event{Type: RunStarted, Text: rb.Path, Planned: r.opts.DryRun})
	defer r.vm.Close()
	defer r.release()

	r.nameDeadline(func(e *ending) {
		*e = ending{deadline: started.Add(limit), why: (&DeadlineError{What: "the run", Limit: limit}).Error(), undoLimit: undoLimit}
	})
	defer r.nameDeadline(func(e *ending) { *e = ending{} })
	value, err := rb.execute(ctx, limit, o.Params)
	res.Value = value
	if err != nil {
		res.Outcome, res.Err = Broken, err
		res.Restored, res.UndoFailed = r.goBack(ctx, undoLimit)
	} else if len(r.unhealthy) > 0 {
		res.Outcome = Unhealthy
	}
	if err := r.leave(ctx); err != nil && res.Err == nil {
		res.Outcome, res.Err = Broken, err
	}
	res.Problems = r.unhealthy
	r.mu.Lock()
	res.Changes = r.changes
	r.mu.Unlock()
	res.Took = time.Since(started)
	r.emit(ctx, Event{Type: RunEnded, Text: string(res.Outcome), Took: res.Took, Err: res.Err, Planned: r.opts.DryRun})
	return res
}

// Grant is what a run in this order may do: what the header asks for, as far as
// the policy and the operator allow it.
func (rb *Runbook) Grant(o Order) Grant {
	var g Grant
	if rb.Header != nil {
		g.Layers = append(g.Layers, rb.Header.Layer(rb.Path))
	}
	g.Layers = append(g.Layers, o.Policy...)
	g.Layers = append(g.Layers, o.Operator)
	return g
}

// Limits are the budgets that the run will have.
func (rb *Runbook) Limits() Limits {
	if rb.Header != nil && rb.Header.Limits != nil {
		return *rb.Header.Limits
	}
	return rb.run.limits
}

// ID is the id of the run that this runbook will be.
func (rb *Runbook) ID() string { return rb.run.id }

func (rb *Runbook) execute(ctx context.Context, limit time.Duration, params map[string]any) (any, *Error) {
	r := rb.run
	ctx, cancel := withDeadline(ctx, "the run", limit)
	defer cancel()
	fn := rb.main
	var args []lua.LValue
	if rb.Header != nil {
		fn = rb.Header.Run.fn
		args = []lua.LValue{r.runHandle(params)}
	} else {
		r.vm.SetGlobal("run", r.runHandle(params))
	}
	results, err := r.vm.Run(ctx, fn, args...)
	if err != nil {
		return nil, r.explain(ctx, err)
	}
	if len(results) == 0 {
		return nil, nil
	}
	value, err := newDecoder(r.vm.State(), r).any(results[0], "the result", 0)
	if err != nil {
		return nil, asError(ctx, "", err)
	}
	return value, nil
}

// explain prefers the cause of the run's own end over whatever error that end
// produced somewhere inside.
func (r *Run) explain(ctx context.Context, err error) *Error {
	if script, ok := err.(*vm.ScriptError); ok && r.traced != nil && r.traced.Value == script.Value {
		err = r.traced // its traceback begins where the error was raised, not at the step
	}
	e := fromVM(err)
	cause := context.Cause(ctx)
	if cause == nil || errors.Is(cause, context.Canceled) || e.Kind == Internal {
		return e
	}
	return &Error{Kind: KindOf(cause), Op: e.Op, Message: cause.Error(), Where: e.Where, Trace: e.Trace, Err: cause}
}
