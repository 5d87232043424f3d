package runtime_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cortexlua/cortexlua/runtime"
	"github.com/cortexlua/cortexlua/runtime/runtimetest"
)

// gate is a module whose meet waits until n callers are there together.
type gate struct {
	mu      sync.Mutex
	inside  int
	highest int
	all     chan struct{}
	order   []string
}

func (g *gate) module() runtime.Module {
	g.all = make(chan struct{})
	type args struct {
		N int `lua:"n"`
	}
	return runtime.Module{Name: "gate", Funcs: []runtime.Func{
		runtime.Query("meet", "Waits for n callers.", func(ctx context.Context, _ *runtime.Call, a args) (bool, error) {
			g.mu.Lock()
			if g.inside++; g.inside == a.N {
				close(g.all)
			}
			g.mu.Unlock()
			select {
			case <-g.all:
				return true, nil
			case <-ctx.Done():
				return false, context.Cause(ctx)
			}
		}),
		runtime.Query("pass", "Counts who is inside.", func(ctx context.Context, _ *runtime.Call, a nameArgs) (bool, error) {
			g.mu.Lock()
			g.inside++
			g.highest = max(g.highest, g.inside)
			g.order = append(g.order, a.Name)
			g.mu.Unlock()
			select { // long enough for others to come in, if they may
			case <-time.After(2 * time.Millisecond):
			case <-ctx.Done():
			}
			g.mu.Lock()
			defer g.mu.Unlock()
			g.inside--
			return true, nil
		}),
	}}
}

// both runs a script with the sample module and a gate.
func both(t *testing.T, g *gate, text string) runtimetest.Report {
	t.Helper()
	return runtimetest.Run(t, runtimetest.Case{Text: text, Modules: []runtime.Module{newHouse().module(), g.module()}})
}

func TestParallelResults(t *testing.T) {
	for text, want := range map[string]string{
		`parallel({}, print)`: "{} nil",
		`parallel({ 1, 2, 3 }, function(v, i) return v * 10 + i end)`:                                                                           "{11,22,33} nil",
		`parallel({ "a", "b" }, function() end)`:                                                                                                "{} nil",
		`parallel({ 1, 2, 3 }, function(v) if v ~= 2 then return v end end)`:                                                                    "{1,nil,3} nil",
		`parallel({ 1, 2 }, function(v) return parallel({ 1, 2 }, function(w) return v * w end)[2] end)`:                                        "{2,4} nil",
		`parallel({ 3, 2, 1 }, function(v) for _ = 1, v * 1000 do end return v end, { limit = 1 })`:                                             "{3,2,1} nil",
		`parallel({ 1, 2 }, function(v) if v == 1 then error("x", 0) end return v end, { on_error = "wait" })`:                                  "{nil,2} {1=x}",
		`parallel({ 1, 2 }, function(v) error({ kind = "denied", message = "m" .. v }) end, { on_error = "wait" })`:                             "{} {1=m1,2=m2}",
		`parallel({ 1, 2, 3 }, function(v) if v == 1 then error("x", 0) end return v end, { on_error = "wait", after = { {}, { 1 }, {} } })`:    "{nil,nil,3} {1=x,2=blocked: item 1 did not succeed}",
		`parallel({ 1, 2, 3 }, function(v) if v == 1 then error("x", 0) end return v end, { on_error = "wait", after = { {}, { 1 }, { 2 } } })`: "{} {1=x,2=blocked: item 1 did not succeed,3=blocked: item 2 did not succeed}",
	} {
		got := run(t, `
			local results, errs = `+text+`
			local function list(t, n) local out = {} for i = 1, n do out[i] = tostring(t[i]) end return "{" .. table.concat(out, ",") .. "}" end
			local e = errs and {}
			for i = 1, errs and 3 or 0 do if errs[i] then e[#e + 1] = i .. "=" .. errs[i].message end end
			local n = 0 for i in pairs(results) do n = math.max(n, i) end
			return list(results, n) .. " " .. (e and "{" .. table.concat(e, ",") .. "}" or "nil")`).Value(t)
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestParallelArguments(t *testing.T) {
	for line, want := range map[string]string{
		`parallel({ 1 }, print, { limt = 2 })`:                    `unknown key "limt", did you mean "limit"?`,
		`parallel({ 1 }, print, { limit = 0 })`:                   `limit is 0: it must be at least 1`,
		`parallel({ 1 }, print, { limit = 1001 })`:                `limit is 1001: it must be at most 1000`,
		`parallel({ 1 }, print, { timeout = 5 })`:                 `timeout must be a duration with a unit, such as "5s", not the number 5`,
		`parallel({ 1 }, print, { on_error = "stop" })`:           `on_error is "stop": it must be one of cancel, wait`,
		`parallel({ 1, 2 }, print, { after = { { 2 }, { 1 } } })`: `after is a circle through item 1`,
		`parallel({ 1 }, print, { after = { { 1 } } })`:           `after is a circle through item 1`,
		`parallel({ 1, 2 }, print, { after = { {}, { 3 } } })`:    `after names item 3, but there are 2 items`,
		`parallel({ 1, 2 }, print, { after = { { 0 } } })`:        `after names item 0, but there are 2 items`,
		`parallel({ 1 }, print, { after = { {}, {} } })`:          `after has 2 entries for 1 items`,
		`local function f() parallel({ 1 }, f) end f()`:           `parallel nests deeper than 16 calls`,
	} {
		if err := raised(t, line); err.Message != want || err.Kind != runtime.Invalid || err.Op != "parallel" {
			t.Errorf("%s\n got %s %s: %s\nwant %s", line, err.Kind, err.Op, err.Message, want)
		}
	}
}

func TestParallelLimitAndOrder(t *testing.T) {
	items := `local items = {} for i = 1, 40 do items[i] = tostring(i) end `
	for limit, text := range map[int]string{
		1:  `parallel(items, gate.pass, { limit = 1 })`,
		4:  `parallel(items, gate.pass, { limit = 4 })`,
		16: `parallel(items, gate.pass)`,
	} {
		g := &gate{}
		// gate.pass takes one argument, the items come with their index
		text = strings.ReplaceAll(text, "gate.pass", "function(v) return gate.pass(v) end")
		both(t, g, items+text).Value(t)
		if g.highest > limit || len(g.order) != 40 {
			t.Errorf("limit %d: %d at once, %d in all", limit, g.highest, len(g.order))
		}
		if limit == 1 && strings.Join(g.order[:12], " ") != "1 2 3 4 5 6 7 8 9 10 11 12" {
			t.Errorf("one at a time, they came as %v", g.order)
		}
	}
	g := &gate{}
	both(t, g, `parallel({ "a", "b", "c", "d" }, function(v) gate.pass(v) end, { after = { { 2, 3 }, { 4 }, { 4, 4 }, {} } })`).Value(t)
	if got := strings.Join(g.order, ""); got != "dbca" && got != "dcba" {
		t.Errorf("the order was %s", got)
	}
}

// TestParallelTogether: they do run at once, and every wait gives the others way.
func TestParallelTogether(t *testing.T) {
	for _, where := range []string{
		`gate.meet(3)`,
		`pcall(gate.meet, 3)`,
		`errors.try(gate.meet, 3)`,
		`coroutine.wrap(function() gate.meet(3) end)()`,
		`for _ in function(_, i) if not i then gate.meet(3) return 1 end end do end`,
		`table.sort({ 2, 1 }, function(a, b) if not done then done = {} end if not done[i] then done[i] = true; gate.meet(3) end return a < b end)`,
		`(("x"):gsub("x", function() gate.meet(3) end))`,
		`run:step("s", function() gate.meet(3) end)`,
		`parallel({ 1 }, function() gate.meet(3) end)`,
	} {
		if strings.HasPrefix(where, "((") {
			where = "local _ = " + where
		}
		both(t, &gate{}, `parallel({ 1, 2, 3 }, function(i) `+where+` end)`).Value(t)
	}
}

// TestParallelThousand: a thousand items wait at the same time.
func TestParallelThousand(t *testing.T) {
	got := both(t, &gate{}, `
		local items = {} for i = 1, 1000 do items[i] = i end
		local out = parallel(items, function(i) assert(gate.meet(1000)); return i end, { limit = 1000 })
		for i = 1, 1000 do assert(out[i] == i) end
		return #out`).Value(t)
	if got != 1000.0 {
		t.Errorf("got %v", got)
	}
}

// TestParallelMany: far more items than may run at once cost no more than a list.
func TestParallelMany(t *testing.T) {
	got := run(t, `local items = {} for i = 1, 4000 do items[i] = i end return #parallel(items, function(i) return i end)`).Value(t)
	if got != 4000.0 {
		t.Errorf("got %v", got)
	}
}

func TestParallelErrors(t *testing.T) {
	// cancel: the first error is raised as it was, and ends those that wait.
	err := run(t, `parallel({ 1, 2, 3 }, function(i) if i == 2 then lamps.fail("conflict") end lamps.wait() end)`).Failure(t, runtime.Conflict)
	if err.Op != "lamps.fail" || err.Details["pid"] != 42.0 || err.Where != "test.lua:1" {
		t.Errorf("got %+v", err)
	}
	got := run(t, `
		local mine = { kind = "denied", message = "m" }
		local ok, e = pcall(parallel, { 1, 2 }, function(i) if i == 1 then error(mine) end lamps.wait() end)
		local _, errs = parallel({ 1, 2 }, function(i) if i == 1 then error(mine) end end, { on_error = "wait" })
		return { ok, e == mine, errs[1] == mine, errs[2] == nil }`).Value(t)
	if !equal(got, []any{false, true, true, true}) {
		t.Errorf("got %v", got)
	}
	// wait: a blocked item says by whom.
	got = run(t, `
		local _, errs = parallel({ 1, 2 }, function(i) error("x") end, { on_error = "wait", after = { {}, { 1 } } })
		return { errs[2].kind, errs[2].details.blocked_by }`).Value(t)
	if !equal(got, []any{"conflict", 1.0}) {
		t.Errorf("got %v", got)
	}
}

func TestParallelTimeout(t *testing.T) {
	for _, body := range []string{`lamps.wait()`, `while true do end`, `pcall(function() while true do end end)`, `while true do pcall(lamps.wait) end`, `("x"):rep(3e4):find(("x-"):rep(200) .. "y")`} {
		got := run(t, `
			local _, errs = parallel({ 1, 2 }, function(i) if i == 2 then `+body+` end return i end, { timeout = "50ms", on_error = "wait" })
			return { errs[2].kind, errs[2].message }`).Value(t) // item 1 may have waited in vain for item 2 to give way
		if !equal(got, []any{"timeout", "item 2 of parallel took longer than its limit of 50ms"}) {
			t.Errorf("%s: %v", body, got)
		}
	}
}

// TestParallelSteps: steps in parallel keep their own name and time limit.
func TestParallelSteps(t *testing.T) {
	h := newHouse()
	rep := runtimetest.Run(t, runtimetest.Case{Modules: []runtime.Module{h.module()}, Text: `
		parallel({ "a", "b", "c" }, function(n)
			run:step("step " .. n, function() lamps.set(lamps.find(n), true) end)
		end)
		local _, errs = parallel({ 1, 2 }, function(i)
			run:step("slow " .. i, { timeout = "30ms" }, function() if i == 2 then lamps.wait() end end)
		end, { on_error = "wait" })
		return errs[2].message`})
	if got := rep.Value(t); got != `the step "slow 2" took longer than its limit of 30ms` {
		t.Errorf("got %v", got)
	}
	for _, c := range rep.Changes {
		if want := "switch " + strings.TrimPrefix(c.Step, "step ") + " on"; c.Summary != want {
			t.Errorf("%q was recorded for the step %q", c.Summary, c.Step)
		}
	}
	if len(rep.Changes) != 3 {
		t.Errorf("changes: %v", rep.Changes)
	}
}

// TestCallbacks: a primitive calls Lua while it works, under the one lock, with
// handles and tables as arguments.
func TestCallbacks(t *testing.T) {
	type args struct {
		Fn runtime.Callback `lua:"fn"`
	}
	var calls atomic.Int32
	mod := runtime.Module{Name: "back", Funcs: []runtime.Func{
		runtime.Query("call", "Calls back.", func(ctx context.Context, _ *runtime.Call, a args) (any, error) {
			calls.Add(1)
			return a.Fn.Call(ctx, lamp{Name: "l", state: &lampState{}}, map[string]any{"list": []any{}, "n": nil}, []any{1.0})
		}),
	}}
	rep := runtimetest.Run(t, runtimetest.Case{Modules: []runtime.Module{mod, newHouse().module()}, Text: `
		local items = {} for i = 1, 50 do items[i] = i end
		local seen = {}
		local out = parallel(items, function(i)
			return back.call(function(l, m, list)
				seen[#seen + 1] = l.name
				lamps.find("x" .. i)
				return { l.name, list[1], tostring(m.n), i }
			end)
		end)
		local _, e = errors.try(back.call, function() lamps.fail("denied") end)
		local _, f = errors.try(back.call, function() return print end)
		local _, g = errors.try(back.call, 7)
		return { #seen, out[7], e.kind, e.message, f.message, g.message }`})
	want := []any{50.0, []any{"l", 1.0, "null", 7.0}, "denied", "cannot do it: denied", "the function's result is a function: only data can be passed here", "fn must be a function, not the number 7"}
	if got := rep.Value(t); !equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if calls.Load() != 52 {
		t.Errorf("%d calls", calls.Load())
	}
	for name, text := range map[string]string{"panic": `back.call(function() lamps.panic() end)`, "panic caught": `pcall(back.call, function() pcall(lamps.panic) end)`} {
		rep := runtimetest.Run(t, runtimetest.Case{Modules: []runtime.Module{mod, newHouse().module()}, Text: text})
		if rep.ExitCode() != runtime.ExitCrashed {
			t.Errorf("%s: %v", name, rep.Err)
		}
	}
}

func TestRequire(t *testing.T) {
	lib := map[string]string{
		"a": `count = (count or 0) + 1; return { n = count }`, "false": `return false`, "nothing": ``, "nil": `return nil`, "two": `return 1, 2`,
		"self": `return require("self")`, "x": `return require("y")`, "y": `return require("x")`,
		"broken": "\nerror('it broke')", "syntax": `x = = 1`, "raises": `errors.raise({ kind = "conflict", message = "m", hint = "h" })`,
		"retry": `tries = (tries or 0) + 1; if tries == 1 then error("not yet", 0) end return tries`, "chain": `return { a = require("a").n }`,
		"slow": `parallel({ 1, 2 }, function() end); return { n = require("a").n }`,
	}
	for text, want := range map[string]string{
		`return require("a").n + require("a").n`:           "2",
		`return require("a") == require("a")`:              "true",
		`return require("false")`:                          "false",
		`return require("nothing")`:                        "true",
		`return require("nil")`:                            "true",
		`return select("#", require("two"))`:               "1",
		`return require("chain").a`:                        "1",
		`pcall(require, "retry"); return require("retry")`: "2",
		`return require("self")`:                           `invalid: cannot require "self": it requires itself, directly or through another module`,
		`return require("x")`:                              `invalid: cannot require "x": it requires itself, directly or through another module`,
		`return require("none")`:                           `not_found: require: no module "none" in the library of the test`,
		`return require("broken")`:                         `failed: broken.lua:2: it broke`,
		`return require("syntax")`:                         `invalid: syntax.lua:1: syntax error near '='`,
		`return require("raises")`:                         "conflict: m\n  next: h",
		`local out = parallel({ 1, 2, 3, 4 }, function() return require("slow") end) assert(out[1] == out[4]) return out[1].n`: "1",
		`return parallel({ "x", "y", "a" }, function(n) return (errors.try(require, n)) end, { on_error = "wait" })[3].n`:      "1",
	} {
		rep := runtimetest.Run(t, runtimetest.Case{Text: text, Library: lib})
		got := fmt.Sprint(rep.Result.Value)
		if rep.Err != nil {
			got = string(rep.Err.Kind) + ": " + rep.Err.Error()
		}
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

func TestRace(t *testing.T) {
	for text, want := range map[string]string{
		`race({ 1, 2, 3 }, function(i) if i ~= 2 then lamps.wait() end return "won" end)`:              "won 2",
		`race({ 1, 2 }, function(i) if i == 1 then error("x") end return "won" end)`:                   "won 2",
		`race({ 1, 2, 3 }, function(i) return i end, { limit = 1 })`:                                   "1 1",
		`race({ 1, 2 }, function(i) if i == 1 then lamps.wait() end return i end, { timeout = "1m" })`: "2 2",
	} {
		got := run(t, `local v, i = `+text+` return v .. " " .. i`).Value(t)
		if got != want {
			t.Errorf("%s = %v, want %s", text, got, want)
		}
	}
	if err := run(t, `race({ "conflict", "denied" }, function(k) lamps.fail(k) end)`).Failure(t, runtime.Conflict); err.Op != "lamps.fail" {
		t.Errorf("all failed: %v", err)
	}
	raised(t, `race({}, print)`)
}
