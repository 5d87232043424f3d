package runtime_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/cortexlua/cortexlua/runtime"
)

// sayModule lets a script write to the run's log, and wait for ever.
func sayModule() runtime.Module {
	type args struct {
		Text string `lua:"text"`
	}
	return runtime.Module{Name: "say", Funcs: []runtime.Func{
		runtime.Query("info", "Logs.", func(ctx context.Context, c *runtime.Call, a args) (runtime.None, error) {
			c.Log(ctx, slog.LevelInfo, a.Text)
			return runtime.None{}, nil
		}),
		runtime.Query("nothing", "Waits until it is ended.", func(ctx context.Context, _ *runtime.Call, _ struct{}) (runtime.None, error) {
			<-ctx.Done()
			return runtime.None{}, context.Cause(ctx)
		}),
	}}
}

// play runs a text and gives what it printed.
func play(t *testing.T, text string, limit time.Duration) (runtime.Result, string) {
	t.Helper()
	var out strings.Builder
	opts := runtime.Options{Modules: []runtime.Module{sayModule()}, Stdout: &out}
	rb, err := runtime.Load(t.Context(), runtime.Source{Path: "x.lua", Text: []byte(text)}, opts)
	if err != nil {
		t.Fatal(err)
	}
	return rb.Run(t.Context(), runtime.Order{Timeout: limit}), out.String()
}

const limitsHeader = `local d = { define = function(h) return h end }
return d.define({ name = "x", summary = "s", risk = "safe", needs = {},
	limits = { memory = "64MiB", string = "1MiB", output = "10KB", log = "10KB", coroutines = 5, tasks = 3 },
	run = function() `

func TestEveryBudgetOfTheMachineEndsTheRunWithItsName(t *testing.T) {
	cases := map[string]string{
		"string":     `local s = ("x"):rep(2e6)`,
		"output":     `while true do print(("x"):rep(1000)) end`,
		"log":        `while true do say.info(("x"):rep(1000)) end`,
		"coroutines": `local all = {} while true do local c = coroutine.create(function() coroutine.yield() end) coroutine.resume(c) all[#all + 1] = c end`,
		"tasks":      `parallel({ 1, 2, 3, 4 }, function() end, { limit = 9 })`,
		"memory":     `local t = {} while true do t[#t + 1] = ("x"):rep(1000) .. #t end`,
	}
	for name, body := range cases {
		t.Run(name, func(t *testing.T) {
			res, _ := play(t, limitsHeader+body+` end })`, 20*time.Second)
			if res.ExitCode() != runtime.ExitLimit || !strings.Contains(res.Err.Error(), `"`+name+`"`) {
				t.Errorf("exit code %d, error %v", res.ExitCode(), res.Err)
			}
		})
	}
}

func TestLimitTableHasADocAndADefaultForEach(t *testing.T) {
	for _, l := range runtime.LimitTable() {
		if l.Doc == "" || l.Default == "" {
			t.Errorf("%+v", l)
		}
	}
	if got := runtime.DefaultLimits(); got.Memory != 256<<20 || got.Tasks != 4096 || got.Differences() != "" {
		t.Errorf("%+v", got)
	}
}

func TestHeaderRefusesUnknownBudgets(t *testing.T) {
	text := strings.Replace(limitsHeader, "memory", "memroy", 1) + `end })`
	_, err := runtime.Load(t.Context(), runtime.Source{Path: "x.lua", Text: []byte(text)}, runtime.Options{})
	if err == nil || !strings.Contains(err.Error(), `did you mean "memory"`) {
		t.Errorf("error %v", err)
	}
}

func TestOnExitRunsHoweverTheRunEnds(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		"done":     {`print("work")`, "work\nsecond\nfirst\n"},
		"failed":   {`run:undo("back", function() print("undone") end) error("no")`, "undone\nsecond\nfirst\n"},
		"deadline": {`while true do end`, "second\nfirst\n"},
	} {
		t.Run(name, func(t *testing.T) {
			res, out := play(t, `run:on_exit(function() print("first") end)
run:on_exit(function() print("second") end) `+c.body, 300*time.Millisecond)
			if out != c.want {
				t.Errorf("printed %q, want %q (%v)", out, c.want, res.Err)
			}
		})
	}
}

func TestOnExitHasABudgetOfItsOwn(t *testing.T) {
	res, _ := play(t, `run:on_exit(function() while true do end end)`, 0)
	if res.ExitCode() != runtime.ExitTimeout || !strings.Contains(res.Err.Error(), "on_exit took longer than its limit of 2s") {
		t.Errorf("exit code %d, error %v", res.ExitCode(), res.Err)
	}
}

func TestRaceAndEach(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"the first that succeeds wins": {`print(race({ 1, 2 }, function(i) if i == 1 then say.nothing() end return "won by " .. i end))`, "won by 2\t2\n"},
		"a failure does not win":       {`print(race({ 1, 2 }, function(i) if i == 1 then error("no") end return i end))`, "2\t2\n"},
		"all fail":                     {`print(select(2, pcall(race, { 1, 2 }, function(i) error("no " .. i, 0) end)))`, "no 1\n"},
		"nobody":                       {`print(select(2, pcall(race, {}, print)))`, "race: the list is empty: nobody can win\n"},
		"each returns nothing":         {`print(select("#", each({ 1, 2 }, function(i) return i end)))`, "0\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if res, out := play(t, c.text, 20*time.Second); res.Err != nil || out != c.want {
				t.Errorf("printed %q, want %q (%v)", out, c.want, res.Err)
			}
		})
	}
}
