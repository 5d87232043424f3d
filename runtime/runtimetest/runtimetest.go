// Package runtimetest runs a Lua script against modules of primitives, for the
// tests of those modules. A test states the script, the modules and what is
// allowed, and looks at the report: what the script returned or raised, what it
// printed, what it changed and which events an observer saw.
//
//	rep := runtimetest.Run(t, runtimetest.Case{
//		Modules: []runtime.Module{clock},
//		Text:    `return clock.now()`,
//	})
//	now := rep.Value(t)
package runtimetest

import (
	"bytes"
	"context"
	"sync"
	"testing"
	"time"

	"github.com/cortexlua/cortexlua/runtime"
)

// Case is one script and what it runs with. The zero value of each field but
// Text is useful.
type Case struct {
	// Text is the script: a runbook with a header, or a short script without one.
	Text string
	// Path is the name in positions and messages; "test.lua" when empty.
	Path string
	// Modules are the primitives that the script sees.
	Modules []runtime.Module
	// Library is the text of the Lua modules for require, by name.
	Library map[string]string
	// Allow is what the operator allows; nil is everything. To allow nothing,
	// give an empty list that is not nil.
	Allow []runtime.Permission
	// Deny is what the operator denies.
	Deny []runtime.Permission
	// Params are the parameters, before defaults are filled in.
	Params map[string]any
	// DryRun plans changes instead of applying them.
	DryRun bool
	// Timeout is the time limit of the run; zero: that of the script.
	Timeout time.Duration
	// Context is what the run is under; nil: the context of the test.
	Context context.Context
	// Home is what the script sees as run.home.
	Home string
	// Now is the wall clock; nil: the real one.
	Now func() time.Time
	// OnEvent is told of each event when it happens. It may be nil.
	OnEvent func(runtime.Event)
}

// Report is what a run left.
type Report struct {
	runtime.Result
	Output string          // what print wrote
	Events []runtime.Event // in order
}

// Load loads the script of a case, and fails the test with the error if it does
// not load. Use [TryLoad] to look at the error.
func Load(t testing.TB, c Case) *runtime.Runbook {
	t.Helper()
	rb, err := TryLoad(t, c)
	if err != nil {
		t.Fatalf("the script does not load: %v", err)
	}
	return rb
}

// TryLoad loads the script of a case.
func TryLoad(t testing.TB, c Case) (*runtime.Runbook, error) {
	t.Helper()
	rb, _, err := c.load(t)
	return rb, err
}

// Run loads and runs the script of a case. A script that does not load, or
// parameters that it refuses, fail the test; an error of the run is in the report.
func Run(t testing.TB, c Case) Report {
	t.Helper()
	rb, seen, err := c.load(t)
	if err != nil {
		t.Fatalf("the script does not load: %v", err)
	}
	params := c.Params
	if rb.Header != nil {
		if params, err = rb.Header.CompleteParams(c.Params); err != nil {
			t.Fatalf("the parameters are refused: %v", err)
		}
	}
	res := rb.Run(c.context(t), runtime.Order{Params: params, Operator: c.operator(), Timeout: c.Timeout})
	seen.mu.Lock()
	defer seen.mu.Unlock()
	return Report{Result: res, Output: seen.out.String(), Events: seen.events}
}

// Value is what the script returned, as plain data. A run that failed fails the
// test.
func (r Report) Value(t testing.TB) any {
	t.Helper()
	if r.Err != nil {
		t.Fatalf("the script failed: kind %s: %v\n%s", r.Err.Kind, r.Err, r.Err.Trace)
	}
	return r.Result.Value
}

// Failure is the error of a run that must have failed with a kind.
func (r Report) Failure(t testing.TB, kind runtime.Kind) *runtime.Error {
	t.Helper()
	if r.Err == nil {
		t.Fatalf("the script succeeded with %v, want an error of kind %s", r.Result.Value, kind)
	}
	if r.Err.Kind != kind {
		t.Fatalf("the error has kind %s, want %s: %v", r.Err.Kind, kind, r.Err)
	}
	return r.Err
}

// Summaries are the changes in order, each as its one line.
func (r Report) Summaries() []string {
	lines := make([]string, len(r.Changes))
	for i, c := range r.Changes {
		lines[i] = c.Summary
	}
	return lines
}

func (c Case) load(t testing.TB) (*runtime.Runbook, *recorder, error) {
	t.Helper()
	path := c.Path
	if path == "" {
		path = "test.lua"
	}
	seen := &recorder{onEvent: c.OnEvent}
	rb, err := runtime.Load(c.context(t), runtime.Source{Path: path, Text: []byte(c.Text)}, runtime.Options{
		Modules: c.Modules, Library: c.find, DryRun: c.DryRun, Home: c.Home,
		Stdout: seen, Observer: seen, Now: c.Now,
	})
	return rb, seen, err
}

// find is the library: a map of texts.
func (c Case) find(name string) (runtime.Source, error) {
	text, ok := c.Library[name]
	if !ok {
		return runtime.Source{}, runtime.Errorf(runtime.NotFound, "no module %q in the library of the test", name)
	}
	return runtime.Source{Path: name + ".lua", Text: []byte(text)}, nil
}

func (c Case) context(t testing.TB) context.Context {
	if c.Context != nil {
		return c.Context
	}
	return t.Context()
}

func (c Case) operator() runtime.Layer {
	allow := c.Allow
	if allow == nil {
		allow = runtime.Everything()
	}
	return runtime.Layer{Name: "the test", Remedy: `add "%s" to Allow`, Allow: allow, Deny: c.Deny}
}

// recorder keeps what a run prints and reports.
type recorder struct {
	mu      sync.Mutex
	out     bytes.Buffer
	events  []runtime.Event
	onEvent func(runtime.Event)
}

// Write keeps what print writes.
func (r *recorder) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.out.Write(p)
}

// Observe keeps an event.
func (r *recorder) Observe(e runtime.Event) {
	r.mu.Lock()
	r.events = append(r.events, e)
	r.mu.Unlock()
	if r.onEvent != nil {
		r.onEvent(e)
	}
}
