package runtime_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cortexlua/cortexlua/runtime"
	"github.com/cortexlua/cortexlua/runtime/runtimetest"
)

// TestActions: what is applied is recorded, and nothing else is.
func TestActions(t *testing.T) {
	const text = `
		local a, b = lamps.find("a"), lamps.find("b")
		local out = { lamps.set(a, true).lit, a:lit() }
		lamps.set(a, true) -- unchanged
		run:step("light b", function() lamps.set(b, true) end)
		if a:lit() then lamps.set(a, false) end
		out[3] = a:lit()
		return out`
	var summaries [2][]string
	for i, dry := range []bool{false, true} {
		h := newHouse()
		rep := runtimetest.Run(t, runtimetest.Case{Text: text, Modules: []runtime.Module{h.module()}, DryRun: dry})
		if got := rep.Value(t); !equal(got, []any{true, true, false}) {
			t.Errorf("dry %t: %v", dry, got)
		}
		if rep.Changes[1].Step != "light b" || rep.Changes[1].Op != "lamps.set" || rep.Changes[0].Step != "" {
			t.Errorf("dry %t: recorded as %+v", dry, rep.Changes)
		}
		if did := h.history(); dry && len(did) > 0 || !dry && !slices.Equal(did, rep.Summaries()) {
			t.Errorf("dry %t: it did %v", dry, did)
		}
		for _, e := range rep.Events {
			if e.Type == runtime.ChangeMade && e.Planned != dry {
				t.Errorf("dry %t: event %+v", dry, e)
			}
		}
		summaries[i] = rep.Summaries()
	}
	if want := []string{"switch a on", "switch b on", "switch a off"}; !slices.Equal(summaries[0], want) || !slices.Equal(summaries[1], want) {
		t.Errorf("the run made %v, the plan was %v", summaries[0], summaries[1])
	}
}

func TestApplyFails(t *testing.T) {
	h := newHouse()
	rep := runtimetest.Run(t, runtimetest.Case{Text: `lamps.burn("x")`, Modules: []runtime.Module{h.module()}})
	if err := rep.Failure(t, runtime.Failed); err.Error() != "lamps.burn: it is wet" || len(rep.Changes) != 0 {
		t.Errorf("%v, recorded %v", err, rep.Changes)
	}
	rep = runtimetest.Run(t, runtimetest.Case{Text: `lamps.burn("x")`, Modules: []runtime.Module{h.module()}, DryRun: true})
	if rep.Value(t); len(rep.Changes) != 1 || len(h.history()) != 1 {
		t.Errorf("the plan is %v", rep.Changes)
	}
}

// TestDeadlines: call, step and run nest; the error names the one that fired.
func TestDeadlines(t *testing.T) {
	for name, c := range map[string]struct {
		text    string
		timeout time.Duration
		want    string
	}{
		"call": {`run:step("s", { timeout = "1m" }, function() lamps.wait({ limit = "20ms" }) end)`, time.Minute,
			"lamps.wait: lamps.wait took longer than its limit of 20ms"},
		"step": {`run:step("s", { timeout = "20ms" }, function() lamps.wait() end)`, time.Minute,
			`the step "s" took longer than its limit of 20ms`},
		"step in a loop": {`run:step("s", { timeout = "20ms" }, function() while true do pcall(error) end end)`, time.Minute,
			`the step "s" took longer than its limit of 20ms`},
		"inner step": {`run:step("s", { timeout = "1m" }, function() run:step("in", { timeout = "20ms" }, lamps.wait) end)`, time.Minute,
			`the step "in" took longer than its limit of 20ms`},
		"outer step": {`run:step("s", { timeout = "20ms" }, function() pcall(run.step, run, "in", { timeout = "1m" }, lamps.wait) end)`, time.Minute,
			`the step "s" took longer than its limit of 20ms`},
		"run":        {`run:step("s", { timeout = "1m" }, function() lamps.wait() end)`, 20 * time.Millisecond, "the run took longer than its limit of 20ms"},
		"run, loop":  {`while true do end`, 20 * time.Millisecond, "the run took longer than its limit of 20ms"},
		"run caught": {`while true do pcall(lamps.wait) errors.try(lamps.wait) pcall(run.step, run, "s", lamps.wait) end`, 20 * time.Millisecond, "the run took longer than its limit of 20ms"},
		"in tasks":   {`parallel({ 1, 2 }, function() pcall(lamps.wait) end, { on_error = "wait" })`, 20 * time.Millisecond, "the run took longer than its limit of 20ms"},
	} {
		t.Run(name, func(t *testing.T) {
			rep := runtimetest.Run(t, runtimetest.Case{Text: c.text, Modules: []runtime.Module{newHouse().module()}, Timeout: c.timeout})
			err := rep.Failure(t, runtime.Timeout)
			if !strings.HasSuffix(err.Error(), c.want) || rep.ExitCode() != runtime.ExitTimeout {
				t.Errorf("exit %d: %s", rep.ExitCode(), err)
			}
		})
	}
}

// TestStepDeadlineIsCaughtOutside: to the code around a step its deadline is an
// ordinary error; within it, nothing goes on.
func TestStepDeadlineIsCaughtOutside(t *testing.T) {
	got := run(t, `
		local within = false
		local ok, e = pcall(function()
			run:step("s", { timeout = "20ms" }, function() pcall(lamps.wait); within = true end)
		end)
		local v, f = errors.try(run.step, run, "t", { timeout = "20ms" }, lamps.wait)
		local a, b = run:step("u", function() return 1, 2 end)
		return { ok, within, e.kind, e.message, f.message, a, b }`).Value(t)
	want := []any{false, false, "timeout", `the step "s" took longer than its limit of 20ms`, `the step "t" took longer than its limit of 20ms`, 1.0, 2.0}
	if !equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestStepArguments(t *testing.T) {
	for line, want := range map[string]string{
		`run:step("s", { timeuot = "1s" }, print)`: `run:step: unknown key "timeuot", did you mean "timeout"?`,
		`run:step("s", { timeout = 5 }, print)`:    `run:step: timeout must be a duration with a unit, such as "5s", not the number 5`,
		`run.params.x = 1`:                         `test.lua:1: cannot set "x": the table is read-only`,
		`run.step = print`:                         `test.lua:1: cannot set "step": the table is read-only`,
	} {
		if err := raised(t, line); err.Error() != want {
			t.Errorf("%s\n got %s\nwant %s", line, err, want)
		}
	}
	for _, line := range []string{`run:step()`, `run:step("s")`, `run:step("s", {})`, `run.step("s", print)`, `run:undo("u")`, `run:undo(print)`, `run:unhealthy()`} {
		if err := raised(t, line); err.Kind == runtime.Internal {
			t.Errorf("%s: %s", line, err)
		}
	}
}

// undos is a script that leaves three undos and then does the last line.
const undos = `
	run:undo("first", function() print("undo first", lamps.set(lamps.find("a"), true).lit) end)
	run:step("s", function()
		run:undo("second", function() print("undo second") error("it is stuck", 0) end)
		local ok = pcall(function()
			run:step("inner", function() run:undo("third", function() print("undo third") end) error("inner") end)
		end)
	end)
`

func TestUndo(t *testing.T) {
	for name, c := range map[string]struct {
		last string
		kind runtime.Kind
	}{
		"error":       {`lamps.fail("conflict")`, runtime.Conflict},
		"failed step": {`run:step("t", function() error("x") end)`, runtime.Failed},
		"run's limit": {`while true do end`, runtime.Timeout},
		"a wait":      {`lamps.wait()`, runtime.Timeout},
		"defect":      {`lamps.panic()`, runtime.Internal},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse()
			rep := runtimetest.Run(t, runtimetest.Case{Text: undos + c.last, Modules: []runtime.Module{h.module()}, Timeout: 200 * time.Millisecond})
			rep.Failure(t, c.kind)
			if rep.Output != "undo third\nundo second\nundo first\ttrue\n" {
				t.Errorf("printed %q", rep.Output)
			}
			if !slices.Equal(rep.Restored, []string{"third", "first"}) || len(rep.UndoFailed) != 1 || rep.UndoFailed[0].Undo != "second" || rep.UndoFailed[0].Err.Message != "it is stuck" {
				t.Errorf("restored %v, failed %v", rep.Restored, rep.UndoFailed)
			}
			if last := rep.Changes[len(rep.Changes)-1]; last.Step != "undo: first" || !slices.Equal(h.history(), []string{"switch a on"}) {
				t.Errorf("recorded %+v, did %v", last, h.history())
			}
		})
	}
	for name, c := range map[string]runtimetest.Case{"success": {Text: undos}, "dry run": {Text: undos + `error("x")`, DryRun: true}} {
		c.Modules = []runtime.Module{newHouse().module()}
		if rep := runtimetest.Run(t, c); rep.Output != "" || len(rep.Restored)+len(rep.UndoFailed) > 0 {
			t.Errorf("%s: %q %v %v", name, rep.Output, rep.Restored, rep.UndoFailed)
		}
	}
}

// TestUndoTimeout: going back has a limit of its own.
func TestUndoTimeout(t *testing.T) {
	body := `function(run)
		run:undo("quick", function() end)
		run:undo("slow", function() while true do pcall(error) end end)
		error("x")
	end`
	rep := runtimetest.Run(t, runtimetest.Case{Text: header(`undo_timeout = "100ms"`, body), Library: library})
	if len(rep.UndoFailed) != 2 || rep.UndoFailed[0].Err.Message != "going back took longer than its limit of 100ms" || rep.Err.Kind != runtime.Failed {
		t.Errorf("restored %v, failed %v: %v", rep.Restored, rep.UndoFailed, rep.Err)
	}
}

// TestInterrupted: a signal ends the run, which goes back and says which it was.
func TestInterrupted(t *testing.T) {
	for sig, want := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143} {
		for _, last := range []string{`lamps.wait()`, `while true do end`, `while true do pcall(lamps.wait) end`, `run:step("t", { timeout = "1m" }, lamps.wait)`, `parallel({ 1, 2 }, function() lamps.wait() end)`} {
			ctx, cancel := context.WithCancelCause(t.Context())
			rep := runtimetest.Run(t, runtimetest.Case{
				Context: ctx, Modules: []runtime.Module{newHouse().module()},
				Text: `run:undo("u", function() print("undone") end) run:step("begin", function() end) ` + last,
				OnEvent: func(e runtime.Event) {
					if e.Type == runtime.StepEnded {
						cancel(&runtime.Interrupted{Signal: sig})
					}
				},
			})
			cancel(nil)
			err := rep.Failure(t, runtime.Canceled)
			if rep.ExitCode() != want || rep.Output != "undone\n" || !strings.HasPrefix(err.Message, "stopped by SIG") {
				t.Errorf("%s: exit %d, printed %q, %v", last, rep.ExitCode(), rep.Output, err)
			}
		}
	}
}

// TestEvents: the order in which an observer is told.
func TestEvents(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	rep := runtimetest.Run(t, runtimetest.Case{Modules: []runtime.Module{newHouse().module()}, Now: func() time.Time { return at }, Text: `
		run:undo("u", function() end)
		run:step("s", function() lamps.set(lamps.find("a"), true) error("x", 0) end)`})
	var got []string
	for _, e := range rep.Events {
		got = append(got, fmt.Sprintf("%s %s", e.Type, e.Text))
		if e.RunID != rep.RunID || e.Runbook != "test" || !e.Time.Equal(at) {
			t.Errorf("event %+v", e)
		}
	}
	want := "run_started test.lua|step_started s|change switch a on|step_ended s|undo_started u|undo_ended u|run_ended failed"
	if strings.Join(got, "|") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "|"), want)
	}
	if rep.Started != at || rep.Err.Message != "x" {
		t.Errorf("result %+v", rep.Result)
	}
}

// TestTraceback: an error within a step is shown where it was raised.
func TestTraceback(t *testing.T) {
	err := run(t, "local function deep()\n  lamps.fail('failed')\nend\nrun:step('s', function()\n  deep()\nend)").Failure(t, runtime.Failed)
	if err.Where != "test.lua:2" || !strings.Contains(err.Trace, "test.lua:5") {
		t.Errorf("at %s:\n%s", err.Where, err.Trace)
	}
	if err := run(t, "run:step('s', function()\n  local x = nil\n  x.y = 1\nend)").Failure(t, runtime.Failed); err.Where != "test.lua:3" {
		t.Errorf("at %s: %s", err.Where, err)
	}
}

// TestOnEnd: what a primitive holds is released when the run ends, the last first.
func TestOnEnd(t *testing.T) {
	for _, last := range []string{``, `error("x")`, `lamps.panic()`, `lamps.wait()`} {
		var released []string
		mod := runtime.Module{Name: "held", Funcs: []runtime.Func{
			runtime.Query("take", "Takes.", func(_ context.Context, c *runtime.Call, a nameArgs) (string, error) {
				c.OnEnd(func() { released = append(released, a.Name) })
				return c.Op() + " " + c.Runbook(), nil
			}),
		}}
		runtimetest.Run(t, runtimetest.Case{Text: `print(held.take("a")) held.take("b") ` + last, Modules: []runtime.Module{mod, newHouse().module()}, Timeout: 100 * time.Millisecond})
		if strings.Join(released, " ") != "b a" {
			t.Errorf("after %q: released %v", last, released)
		}
	}
}

// TestCoroutinesEnd: those that a script leaves behind do not outlive the run
// (TestMain looks).
func TestCoroutinesEnd(t *testing.T) {
	run(t, `for i = 1, 100 do coroutine.wrap(function() coroutine.yield() end)() end`).Value(t)
	run(t, `keep = {} for i = 1, 100 do keep[i] = coroutine.create(function() pcall(coroutine.yield) end) coroutine.resume(keep[i]) end`).Value(t)
}

// TestResultIsData: a run gives plain data, or says what it may not give.
func TestResultIsData(t *testing.T) {
	for text, want := range map[string]string{
		`return print`:                  "the result is a function: only data can be passed here",
		`local t = {} t.t = t return t`: "the result.t.t.t.t nests deeper than 200 tables (does it contain itself?)",
		`return { f = function() end }`: "the result.f is a function: only data can be passed here",
	} {
		if err := run(t, text).Failure(t, runtime.Invalid); err.Message != want {
			t.Errorf("%s: %s", text, err)
		}
	}
}
