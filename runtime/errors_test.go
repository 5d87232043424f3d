package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/cortexlua/cortexlua/runtime"
	"github.com/cortexlua/cortexlua/runtime/runtimetest"
)

var allKinds = []runtime.Kind{
	runtime.Invalid, runtime.NotFound, runtime.Conflict, runtime.Denied,
	runtime.Timeout, runtime.Canceled, runtime.Failed, runtime.Internal,
}

// TestErrorTable: what pcall and errors.try give for the error of a primitive.
func TestErrorTable(t *testing.T) {
	for _, kind := range allKinds {
		got := run(t, fmt.Sprintf(`
			local ok, e = pcall(function() lamps.fail(%[1]q) end)
			local v, err = errors.try(function() return lamps.fail(%[1]q) end)
			assert(v == nil and not ok)
			return { e.kind, e.op, e.message, e.hint, e.details.pid, e.where, tostring(e), getmetatable(e),
				err.kind, err.op, err.message, err.hint, err.details.pid, err.where, tostring(err), getmetatable(err) }`, kind)).Value(t).([]any)
		message := "cannot do it: " + string(kind)
		want := []any{string(kind), "lamps.fail", message, "try again", 42.0, "test.lua:2", "lamps.fail: " + message + "\n  next: try again", "error"}
		if !equal(got[:8], want) {
			t.Errorf("pcall gives  %v\nwant %v", got[:8], want)
		}
		if want[5] = "test.lua:3"; !equal(got[8:], want) {
			t.Errorf("try gives  %v\nwant %v", got[8:], want)
		}
	}
}

// TestUncaught: an error that nobody catches is the result of the run, with all
// that it carried.
func TestUncaught(t *testing.T) {
	err := run(t, "\n\nlocal function f()\n  lamps.fail('conflict')\nend\nf()").Failure(t, runtime.Conflict)
	const golden = "lamps.fail: cannot do it: conflict\n  next: try again"
	if err.Error() != golden || err.Where != "test.lua:4" || err.Details["pid"] != 42.0 || !strings.Contains(err.Trace, "test.lua:6") {
		t.Errorf("got %q at %s, details %v, trace:\n%s", err, err.Where, err.Details, err.Trace)
	}
}

func TestWhatMayBeRaised(t *testing.T) {
	for line, want := range map[string]string{
		`error("text")`:    `failed||test.lua:1: text|test.lua:1`,
		`error("text", 0)`: `failed||text|test.lua:1`,
		`error(42)`:        `failed||test.lua:1: 42|test.lua:1`,
		`error()`:          `failed||(error object is a nil value)|test.lua:1`,
		`error(true)`:      `failed||(error object is a boolean value)|test.lua:1`,
		`error({})`:        `failed||(error object is a table value)|test.lua:1`,
		`error({ kind = "conflict", message = "m" })`:                                 `conflict||m|test.lua:1`,
		`error({ kind = "odd", message = "m" })`:                                      `failed||m|test.lua:1`,
		`error({ kind = 7, message = {} })`:                                           `failed||(error object is a table value)|test.lua:1`,
		`error(setmetatable({}, { __tostring = function() return "mine" end }))`:      `failed||mine|test.lua:1`,
		`error(setmetatable({}, { __tostring = function() error("worse") end }))`:     `failed||(error object is a table value)|test.lua:1`,
		`error(lamps.horn())`:                                                         `failed||horn|test.lua:1`,
		`errors.raise({ kind = "timeout", message = "m", hint = "h", op = "my.op" })`: "timeout|my.op|m|test.lua:1",
		`errors.raise({ kind = "timeout" })`:                                          `invalid|errors.raise|message is missing|test.lua:1`,
		`errors.raise({ kind = "timeuot", message = "m" })`:                           `invalid|errors.raise|kind is "timeuot", did you mean "timeout"?: it must be one of invalid, not_found, conflict, denied, timeout, canceled, failed, internal|test.lua:1`,
		`errors.raise({ message = "m" })`:                                             `invalid|errors.raise|kind is missing|test.lua:1`,
		`errors.raise({ kind = "failed", message = "m", mesage = "x" })`:              `invalid|errors.raise|unknown key "mesage", did you mean "message"?|test.lua:1`,
		`errors.raise({ kind = "failed", message = "m", details = { f = print } })`:   `invalid|errors.raise|details.f is a function: only data can be passed here|test.lua:1`,
		`local _, e = errors.try(lamps.fail, "denied"); error(e, 0)`:                  `denied|lamps.fail|cannot do it: denied|test.lua:1`,
		`local _, e = errors.try(lamps.fail, "denied"); errors.raise(e)`:              `denied|lamps.fail|cannot do it: denied|test.lua:1`,
		`errors.try(7)`: `failed||test.lua:1: bad argument #1 to try (function expected, got number)|test.lua:1`,
		`local _, e = errors.try(errors.try, function() error("x") end); assert(e == nil); errors.raise({ kind = "failed", message = "end" })`: `failed||end|test.lua:1`,
	} {
		e := run(t, line).Err
		if e == nil {
			t.Errorf("%s: nothing was raised", line)
			continue
		}
		if got := fmt.Sprintf("%s|%s|%s|%s", e.Kind, e.Op, e.Message, e.Where); got != want {
			t.Errorf("%s\n got %s\nwant %s", line, got, want)
		}
	}
}

// TestTry: its results never leave a doubt whether there was an error.
func TestTry(t *testing.T) {
	for line, want := range map[string]string{
		`errors.try(function() return 1, 2 end)`:                                          "1 nil",
		`errors.try(function() return nil, "not an err" end)`:                             "nil nil",
		`errors.try(function() end)`:                                                      "nil nil",
		`errors.try(function(a, b) return a + b end, 1, 2)`:                               "3 nil",
		`errors.try(function() error("x", 0) end)`:                                        "nil x",
		`errors.try(function() error() end)`:                                              "nil (error object is a nil value)",
		`errors.try(error, "x", 0)`:                                                       "nil x",
		`errors.try(function() errors.raise({ kind = "failed", message = "inner" }) end)`: "nil inner",
		`errors.try(function() return errors.try(error, "inner", 0) end)`:                 "nil nil",
		`errors.try(string.rep, "x", 1e9)`:                                                "nil limit \"string\" exceeded: wanted 1000000000, the limit is 16777216",
	} {
		text := `local v, e = ` + line + ` return tostring(v) .. " " .. tostring(e)`
		if got := run(t, text).Value(t); got != want {
			t.Errorf("%s = %q, want %q", line, got, want)
		}
	}
}

// TestDetailsKeepHandles: a handle in the details of an error is the handle.
func TestDetailsKeepHandles(t *testing.T) {
	got := run(t, `
		local _, e = errors.try(function()
			errors.raise({ kind = "failed", message = "m", details = { lamp = lamps.find("hall"), list = {} } })
		end)
		return { e.details.lamp.name, e.details.lamp:lit(), tostring(e.details.list) ~= "nil" }`).Value(t)
	if !equal(got, []any{"hall", false, true}) {
		t.Errorf("got %v", got)
	}
}

// TestDefects: a Go panic ends the run whatever the script does, as kind internal
// with its stack.
func TestDefects(t *testing.T) {
	for _, line := range []string{
		`lamps.panic()`,
		`pcall(lamps.panic); lamps.write("logs")`,
		`errors.try(lamps.panic); lamps.write("logs")`,
		`xpcall(lamps.panic, function() lamps.write("logs") end); lamps.write("logs")`,
		`local co = coroutine.create(lamps.panic); coroutine.resume(co); lamps.write("logs")`,
		`run:step("s", function() lamps.panic() end); lamps.write("logs")`,
		`pcall(parallel, { 1, 2 }, function() lamps.panic() end, { on_error = "wait" }); lamps.write("logs")`,
		`local p = setmetatable({}, { __index = function() lamps.panic() end }); pcall(function() return p.x end); lamps.write("logs")`,
	} {
		h := newHouse()
		rep := runtimetest.Run(t, runtimetest.Case{Text: line, Modules: []runtime.Module{h.module()}})
		err := rep.Err
		if err == nil || err.Kind != runtime.Internal {
			t.Errorf("%s: got %v, want an error of kind internal", line, err)
			continue
		}
		if rep.ExitCode() != runtime.ExitCrashed || !strings.Contains(err.Message, "a defect") || !strings.Contains(err.Trace, "sample_test.go") {
			t.Errorf("%s: exit %d: %s\n%s", line, rep.ExitCode(), err, err.Trace)
		}
		if did := h.history(); len(did) > 0 {
			t.Errorf("%s: it went on and did %v", line, did)
		}
	}
}

// TestWrappedErrors: what an engine wraps around an error stays in its message.
func TestWrappedErrors(t *testing.T) {
	inner := runtime.Errorf(runtime.Conflict, "it is held").WithHint("wait")
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"own":       {inner, "conflict|probe.take: it is held\n  next: wait"},
		"wrapped":   {fmt.Errorf("cannot write: %w", inner), "conflict|probe.take: cannot write: it is held\n  next: wait"},
		"plain":     {errors.New("it broke"), "failed|probe.take: it broke"},
		"not there": {fmt.Errorf("open x: %w", fs.ErrNotExist), "not_found|probe.take: open x: file does not exist"},
		"denied":    {fs.ErrPermission, "denied|probe.take: permission denied"},
		"there":     {fs.ErrExist, "conflict|probe.take: file already exists"},
		"too late":  {context.DeadlineExceeded, "timeout|probe.take: context deadline exceeded"},
		"named":     {&runtime.DeadlineError{What: "the call", Limit: 5e9}, "timeout|probe.take: the call took longer than its limit of 5s"},
		"stopped":   {&runtime.Interrupted{Signal: syscall.SIGTERM}, "canceled|probe.take: stopped by SIGTERM"},
	} {
		mod := runtime.Module{Name: "probe", Funcs: []runtime.Func{
			runtime.Query("take", "Fails.", func(context.Context, *runtime.Call, struct{}) (bool, error) { return false, c.err }),
		}}
		e := raised(t, `probe.take()`, mod)
		if got := string(e.Kind) + "|" + e.Error(); got != c.want {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

func TestErrorValues(t *testing.T) {
	cause := errors.New("the cause")
	e := runtime.Errorf(runtime.Failed, "cannot do it: %w", cause)
	if !errors.Is(e, cause) || e.Error() != "cannot do it: the cause" {
		t.Errorf("got %v", e)
	}
	f := e.With("a", 1).With("b", 2).WithHint("do %s", "that")
	if len(e.Details) != 0 || e.Hint != "" || len(f.Details) != 2 || f.Hint != "do that" || !errors.Is(f, cause) {
		t.Errorf("copies are not copies: %+v %+v", e, f)
	}
}

func TestExitCodes(t *testing.T) {
	kinds := map[runtime.Kind]int{
		runtime.Invalid: 1, runtime.NotFound: 1, runtime.Conflict: 4, runtime.Denied: 3,
		runtime.Timeout: 124, runtime.Canceled: 1, runtime.Failed: 1, runtime.Internal: 126,
	}
	for kind, want := range kinds {
		if got := runtime.ExitCode(runtime.Errorf(kind, "x")); got != want {
			t.Errorf("kind %s: %d, want %d", kind, got, want)
		}
	}
	for text, want := range map[string]int{
		`return 1`:                   0,
		`run:unhealthy("it smells")`: 5,
		`run:unhealthy("it smells"); error("worse")`:                      1,
		`lamps.fail("denied")`:                                            3,
		`lamps.fail("conflict")`:                                          4,
		`lamps.wait({ limit = "1ms" })`:                                   124,
		`local s = ("x"):rep(1e9)`:                                        125,
		`local s = ("x"):rep(1e6) while true do print(s) end`:             125,
		`local s = ("x"):rep(1e6) while true do pcall(print, s) end`:      125,
		`local s = ("x"):rep(1e6) while true do errors.try(print, s) end`: 125,
		`local s = ("x"):rep(16e6) print(s, s, s)`:                        125,
		`local function f() errors.try(f) end f()`:                        125,
		`lamps.panic()`: 126,
	} {
		if rep := run(t, text); rep.ExitCode() != want {
			t.Errorf("%s: exit code %d (%v), want %d", text, rep.ExitCode(), rep.Err, want)
		}
	}
	for sig, want := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143, syscall.SIGHUP: 129} {
		if got := runtime.ExitCode(&runtime.Interrupted{Signal: sig}); got != want {
			t.Errorf("%s: %d, want %d", sig, got, want)
		}
	}
	if runtime.ExitCode(nil) != 0 || runtime.ExitCode((*runtime.Error)(nil)) != 0 {
		t.Error("no error is an error")
	}
}
