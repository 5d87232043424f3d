package runtime

import (
	"context"
	"io"
	"maps"
	"reflect"
	"sync"
	"time"

	lua "github.com/yuin/gopher-lua"

	"github.com/cortexlua/cortexlua/runtime/internal/vm"
)

// Options is what a run is given from outside. The zero value runs a script that
// can compute and print to nowhere.
type Options struct {
	// Modules are the primitives that the script sees, as read-only globals.
	Modules []Module
	// Library finds the text of a Lua module for require; nil: none.
	Library func(name string) (Source, error)
	// DryRun records changes instead of applying them.
	DryRun bool
	// Home is the directory the run works on, shown to the script as run.home.
	Home string
	// Stdout is where print writes.
	Stdout io.Writer
	// Observer is told what happens.
	Observer Observer
	// Now is the wall clock; nil is time.Now.
	Now func() time.Time
	// OnDeadline is told by when the run must have ended, and why, each time that
	// moves: at the start, when a way back is registered, when going back begins.
	// The zero time means that the run is over. Whoever watches the process from
	// outside goes by it.
	OnDeadline func(end time.Time, why string)
	// OnHang is called when Lua code did not end within a grace after its
	// deadline or memory limit. The process should write its record and exit.
	OnHang func(reason error)
}

// Source is the text of a Lua file and where it came from.
type Source struct {
	Path string
	Text []byte
}

// Run is one execution of a script: its VM, its options, and what it did so far.
// All fields below the VM are touched only while holding the VM's baton, except
// where a mutex says otherwise.
type Run struct {
	opts  Options
	grant Grant // nothing until the run starts
	id    string
	name  string
	path  string

	vm          *vm.VM
	limits      Limits
	methods     map[reflect.Type]map[string]*lua.LFunction
	handleTypes map[reflect.Type]*lua.LTable
	emptyList   *lua.LTable
	nullValue   lua.LValue
	loaded      map[string]lua.LValue // by require
	unhealthy   []string
	printed     int64           // bytes
	encoded     int64           // values turned into Lua
	traced      *vm.ScriptError // the last error passed on by a step or parallel, as it came

	observing sync.Mutex
	printing  sync.Mutex
	loading   chan struct{} // one token: who loads a module

	mu      sync.Mutex // guards what is below
	planned map[string]any
	changes []ChangeRecord
	undos   []undo
	exits   []*lua.LFunction
	ending  ending
	logged  int64 // bytes
	ends    []func()
}

// ChangeRecord is one change that a run made, or planned in a dry run.
type ChangeRecord struct {
	Step    string `json:"step,omitempty"`
	Op      string `json:"op"`
	Summary string `json:"summary"`
}

func newRun(opts Options) *Run {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Stdout == nil {
		opts.Stdout = io.Discard
	}
	r := &Run{
		opts:        opts,
		id:          newRunID(opts.Now()),
		vm:          vm.New(vm.Limits{}),
		limits:      DefaultLimits(),
		methods:     map[reflect.Type]map[string]*lua.LFunction{},
		handleTypes: map[reflect.Type]*lua.LTable{},
		loaded:      map[string]lua.LValue{},
		planned:     map[string]any{},
		loading:     make(chan struct{}, 1),
	}
	if opts.OnHang != nil {
		r.vm.OnHang(opts.OnHang)
	}
	r.install()
	return r
}

func (r *Run) null() lua.LValue {
	if r == nil {
		return lua.LNil
	}
	return r.nullValue
}

func (r *Run) plannedValue(key string) (any, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v, ok := r.planned[key]
	return v, ok
}

func (r *Run) record(c ChangeRecord, planned map[string]any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.changes = append(r.changes, c)
	maps.Copy(r.planned, planned)
}

func (r *Run) onEnd(release func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ends = append(r.ends, release)
}

// release runs what OnEnd collected, the last first.
func (r *Run) release() {
	r.mu.Lock()
	ends := r.ends
	r.ends = nil
	r.mu.Unlock()
	for i := len(ends) - 1; i >= 0; i-- {
		ends[i]()
	}
}

func (r *Run) progress(ctx context.Context, text string) {
	r.emit(ctx, Event{Type: Progress, Text: text})
}
