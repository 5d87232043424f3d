package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/cortexlua/cortexlua/runtime"
	"github.com/cortexlua/cortexlua/runtime/runtimetest"
)

// TestMain holds that no test leaves a goroutine behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// lamp is a handle: a struct value around an unexported pointer.
type lamp struct {
	Name  string `lua:"name"`
	Watts int    `lua:"watts"`
	Note  string // no tag: not to be seen
	state *lampState
}

type lampState struct{ lit bool }

func (lamp) HandleType() string { return "lamp" }
func (l lamp) String() string   { return "lamp " + l.Name }

// Smash is exported and must not be seen by a script.
func (l lamp) Smash() string { return "smashed" }

// horn is another handle with the same fields.
type horn struct {
	Name  string `lua:"name"`
	state *lampState
}

func (horn) HandleType() string { return "horn" }

// house is the machine that the sample module works on.
type house struct {
	mu      sync.Mutex
	lamps   map[string]*lampState
	applied []string // what Apply really did, in order
}

func newHouse() *house { return &house{lamps: map[string]*lampState{}} }

func (h *house) did(what string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.applied = append(h.applied, what)
}

func (h *house) history() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]string(nil), h.applied...)
}

// lampArgs take every kind of option.
type lampArgs struct {
	Name  string        `lua:"name" doc:"which lamp"`
	Grace time.Duration `lua:"grace,opt" default:"5s" doc:"how long it may take"`
	Max   runtime.Size  `lua:"max,opt" default:"1KB"`
	Level int           `lua:"level,opt" default:"3" min:"1" max:"9"`
	Mood  string        `lua:"mood,opt" default:"calm" enum:"calm,angry,asleep"`
	Loud  bool          `lua:"loud,opt" default:"true"`
	Ratio float64       `lua:"ratio,opt" default:"0.5" min:"0" max:"1"`
}

type handleArgs struct {
	Lamp lamp `lua:"lamp"`
}

type setArgs struct {
	Lamp lamp `lua:"lamp"`
	On   bool `lua:"on"`
}

type nameArgs struct {
	Name string `lua:"name"`
}

type litResult struct {
	Lit bool `lua:"lit"`
}

// module is the sample module "lamps".
func (h *house) module() runtime.Module {
	return runtime.Module{Name: "lamps", Doc: "Lamps of a house.", Funcs: []runtime.Func{
		runtime.Query("describe", "Gives back its arguments as text.", func(_ context.Context, _ *runtime.Call, a lampArgs) (string, error) {
			return fmt.Sprintf("%s %s %d %d %s %v %v", a.Name, a.Grace, a.Max, a.Level, a.Mood, a.Loud, a.Ratio), nil
		}),
		runtime.Query("find", "Finds a lamp.", h.find, runtime.ProcessRead),
		runtime.Query("horn", "Gives a horn.", func(context.Context, *runtime.Call, struct{}) (horn, error) {
			return horn{Name: "h", state: &lampState{}}, nil
		}),
		runtime.Query("lit", "Tells whether a lamp is lit.", func(_ context.Context, c *runtime.Call, a handleArgs) (bool, error) {
			if v, ok := c.Planned("lamp:" + a.Lamp.Name); ok {
				return v.(bool), nil
			}
			return a.Lamp.state.lit, nil
		}, runtime.ProcessRead),
		runtime.Action("set", "Switches a lamp.", h.set, runtime.ProcessSignal).Example(`lamps.set(l, true)  --> { lit = true }`),
		runtime.Action("burn", "Fails when it is applied.", func(_ context.Context, _ *runtime.Call, a nameArgs) (runtime.Change[runtime.None], error) {
			return runtime.Change[runtime.None]{Summary: "burn " + a.Name, Apply: func(context.Context) (runtime.None, error) {
				h.did("burn " + a.Name)
				return runtime.None{}, errors.New("it is wet")
			}}, nil
		}, runtime.FSWrite),
		runtime.Action("write", "Writes within a root.", func(_ context.Context, c *runtime.Call, a nameArgs) (runtime.Change[runtime.None], error) {
			if err := c.Require(runtime.FSWrite.In(a.Name)); err != nil {
				return runtime.Change[runtime.None]{}, err
			}
			return runtime.Change[runtime.None]{Summary: "write " + a.Name, Apply: func(context.Context) (runtime.None, error) {
				h.did("write " + a.Name)
				return runtime.None{}, nil
			}}, nil
		}, runtime.FSWrite),
		runtime.Action("log", "Writes to the root logs.", func(_ context.Context, _ *runtime.Call, _ struct{}) (runtime.Change[runtime.None], error) {
			return runtime.Change[runtime.None]{Summary: "log", Apply: func(context.Context) (runtime.None, error) {
				h.did("log")
				return runtime.None{}, nil
			}}, nil
		}, runtime.FSWrite.In("logs")),
		runtime.Query("fail", "Fails with a kind.", func(_ context.Context, _ *runtime.Call, a struct {
			Kind string `lua:"kind"`
		}) (bool, error) {
			return false, runtime.Errorf(runtime.Kind(a.Kind), "cannot do it: %s", a.Kind).WithHint("try again").With("pid", 42)
		}),
		runtime.Query("panic", "Has a defect.", func(context.Context, *runtime.Call, struct{}) (bool, error) {
			panic("a defect")
		}),
		runtime.Query("wait", "Waits for the end of its context.", func(ctx context.Context, _ *runtime.Call, a struct {
			Limit time.Duration `lua:"limit,opt" default:"1h"`
		}) (bool, error) {
			ctx, cancel := context.WithTimeoutCause(ctx, a.Limit, &runtime.DeadlineError{What: "lamps.wait", Limit: a.Limit})
			defer cancel()
			<-ctx.Done()
			return false, context.Cause(ctx)
		}),
		runtime.Removed("shout", "use lamps.set"),
	}}
}

func (h *house) find(_ context.Context, _ *runtime.Call, a nameArgs) (lamp, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if a.Name == "nowhere" {
		return lamp{}, runtime.Errorf(runtime.NotFound, "no lamp %q", a.Name)
	}
	s := h.lamps[a.Name]
	if s == nil {
		s = &lampState{}
		h.lamps[a.Name] = s
	}
	return lamp{Name: a.Name, Watts: 60, Note: "secret", state: s}, nil
}

func (h *house) set(_ context.Context, c *runtime.Call, a setArgs) (runtime.Change[litResult], error) {
	now := a.Lamp.state.lit
	if v, ok := c.Planned("lamp:" + a.Lamp.Name); ok {
		now = v.(bool)
	}
	if now == a.On {
		return runtime.Unchanged(litResult{a.On}), nil
	}
	word := map[bool]string{true: "on", false: "off"}[a.On]
	return runtime.Change[litResult]{
		Summary: "switch " + a.Lamp.Name + " " + word,
		Result:  litResult{a.On},
		Planned: map[string]any{"lamp:" + a.Lamp.Name: a.On},
		Apply: func(context.Context) (litResult, error) {
			h.did("switch " + a.Lamp.Name + " " + word)
			a.Lamp.state.lit = a.On
			return litResult{a.On}, nil
		},
	}, nil
}

// run runs a script with the sample module.
func run(t *testing.T, text string) runtimetest.Report {
	t.Helper()
	return runtimetest.Run(t, runtimetest.Case{Text: text, Modules: []runtime.Module{newHouse().module()}})
}

// probe is a module "probe" with one query "take", whose arguments are A and
// which returns what got makes of them.
func probe[A, R any](got func(A) R) runtime.Module {
	return runtime.Module{Name: "probe", Doc: "Takes arguments.", Funcs: []runtime.Func{
		runtime.Query("take", "Takes arguments.", func(_ context.Context, _ *runtime.Call, a A) (R, error) { return got(a), nil }),
	}}
}

type ctx = context.Context

// library holds the module with define, as the standard library has it.
var library = map[string]string{"runbook": `return { define = function(header) return header end }`}

// header is the text of a runbook with the least header, further keys of the
// header, and its function.
func header(keys, body string) string {
	if keys != "" {
		keys += ", "
	}
	if !strings.Contains(keys, "needs =") {
		keys += "needs = {}, "
	}
	return `local runbook = require("runbook")
return runbook.define({ name = "sample", summary = "A sample.", risk = "safe", ` + keys + `run = ` + body + ` })`
}
