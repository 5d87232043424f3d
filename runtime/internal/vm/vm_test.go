package vm

import (
	"context"
	"errors"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// machine is a VM with sleep, parallel, call and boom: what a host would add.
func machine(t *testing.T) *VM {
	m := New(Limits{})
	t.Cleanup(m.Close)
	set := func(name string, f lua.LGFunction) { m.SetGlobal(name, m.State().NewFunction(f)) }
	set("wait", func(L *lua.LState) int {
		ctx := Context(L)
		m.Block(L, func() {
			timer := time.NewTimer(time.Duration(L.CheckNumber(1) * lua.LNumber(time.Second)))
			defer timer.Stop()
			select {
			case <-timer.C:
			case <-ctx.Done():
			}
		})
		return 0
	})
	set("parallel", func(L *lua.LState) int {
		timeout := time.Hour
		if n, ok := L.Get(2).(lua.LNumber); ok {
			timeout = time.Duration(float64(n) * float64(time.Second))
		}
		ctx, cancel := context.WithTimeout(Context(L), timeout)
		defer cancel()
		var tasks []*Task
		L.CheckTable(1).ForEach(func(_, f lua.LValue) {
			tasks = append(tasks, m.Go(ctx, L, f.(*lua.LFunction)))
		})
		m.Block(L, func() {
			for _, task := range tasks {
				<-task.Done()
			}
		})
		ok, failed := 0, L.NewTable()
		for _, task := range tasks {
			if _, err := task.Wait(); err != nil {
				failed.Append(lua.LString(err.Error()))
			} else {
				ok++
			}
		}
		L.Push(lua.LNumber(ok))
		L.Push(failed)
		return 2
	})
	set("within", func(L *lua.LState) int {
		ctx, cancel := context.WithTimeout(Context(L), time.Duration(L.CheckNumber(1)*lua.LNumber(time.Second)))
		defer cancel()
		out, err := m.Call(ctx, L, L.CheckFunction(2))
		if err != nil {
			L.Push(lua.LNil)
			L.Push(lua.LString(err.Error()))
			return 2
		}
		for _, v := range out {
			L.Push(v)
		}
		return len(out)
	})
	set("boom", func(L *lua.LState) int { panic("boom") })
	return m
}

func run(t *testing.T, m *VM, timeout time.Duration, src string) ([]lua.LValue, error) {
	t.Helper()
	p, err := m.Compile("test", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return m.Run(timeoutContext(t, timeout), m.Load(p))
}

func mustRun(t *testing.T, m *VM, src string) {
	t.Helper()
	if _, err := run(t, m, time.Minute, src); err != nil {
		var s *ScriptError
		if errors.As(err, &s) {
			t.Fatalf("%v\n%s", err, strings.Join(s.Traceback, "\n"))
		}
		t.Fatal(err)
	}
}

func TestThousandTasksWaitAnywhere(t *testing.T) {
	m := machine(t)
	mustRun(t, m, `
local fns, count = {}, 0
for i = 1, 1000 do
  fns[i] = function()
    assert(pcall(function() wait(0.05) end))
    local co = coroutine.wrap(function() wait(0.01) coroutine.yield(i) pcall(function() coroutine.yield(-i) end) end)
    assert(co() == i and co() == -i)
    local t = {3, 1, 2}
    table.sort(t, function(a, b) if i % 50 == 0 then wait(0.001) end return a < b end)
    assert(t[1] == 1 and t[3] == 3)
    assert(("ab"):gsub(".", function(c) wait(0.001) return c:upper() end) == "AB")
    local mt = setmetatable({}, {__index = function(_, k) wait(0.001) return k end})
    assert(mt.key == "key")
    for w in function(_, w) wait(0.001) if not w then return "once" end end do assert(w == "once") end
    count = count + 1
  end
end
local ok, failed = parallel(fns)
assert(ok == 1000, failed[1]) assert(count == 1000)`)
}

func TestTaskDeadlines(t *testing.T) {
	m := machine(t)
	mustRun(t, m, `
local ok, failed = parallel({function() while true do end end, function() while true do pcall(wait, 1) end end,
  function() return 1 end}, 0.1)
assert(ok >= 0 and #failed >= 2, #failed)
for _, e in ipairs(failed) do assert(e:find("deadline"), e) end`)
}

func TestNestedDeadline(t *testing.T) {
	m := machine(t)
	mustRun(t, m, `
local v, err = within(0.05, function() while true do pcall(function() while true do end end) end end)
assert(v == nil and err:find("deadline"), err)
assert(within(5, function() return "fine" end) == "fine")
local v, err = within(5, function() error("inner", 0) end)
assert(err == "inner")`)
}

func TestAbortIsNotCaught(t *testing.T) {
	for name, src := range map[string]string{
		"pcall":     `while true do pcall(function() while true do end end) end`,
		"xpcall":    `while true do xpcall(function() while true do end end, function() end) end`,
		"coroutine": `while true do coroutine.resume(coroutine.create(function() while true do end end)) end`,
		"wait":      `while true do pcall(wait, 100) end`,
		"task":      `while true do pcall(parallel, {function() while true do pcall(wait, 100) end end}) end`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := run(t, machine(t), 50*time.Millisecond, src)
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("ended with %v", err)
			}
		})
	}
}

func TestCauseOfTheEnd(t *testing.T) {
	m := machine(t)
	cause := errors.New("the operator said so")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(20*time.Millisecond, func() { cancel(cause) })
	p, _ := m.Compile("c", []byte(`while true do pcall(wait, 1) end`))
	if _, err := m.Run(ctx, m.Load(p)); err != cause {
		t.Errorf("ended with %v, want the cause", err)
	}
}

func TestGoPanicEndsTheRun(t *testing.T) {
	m := machine(t)
	_, err := run(t, m, time.Minute, `pcall(boom) pcall(within, 1, boom) return "went on"`)
	var p *PanicError
	if !errors.As(err, &p) || p.Value != "boom" || len(p.Stack) == 0 {
		t.Fatalf("ended with %v", err)
	}
	if _, err := run(t, m, time.Minute, `return 1`); err != nil {
		t.Errorf("a later run, for the cleanup: %v", err)
	}
}

func TestMemoryLimitEndsTheRun(t *testing.T) {
	m := New(Limits{Memory: 96 << 20})
	p, _ := m.Compile("c", []byte(`local t = {} while true do pcall(function() while true do t[#t+1] = {#t} end end) end`))
	_, err := m.Run(timeoutContext(t, time.Minute), m.Load(p))
	var l *LimitError
	if !errors.As(err, &l) || l.Name != "memory" {
		t.Errorf("ended with %v", err)
	}
}

func TestStringLimitIsAnOrdinaryError(t *testing.T) {
	m := machine(t)
	mustRun(t, m, `local ok, e = pcall(string.rep, "x", 1e9) assert(not ok and e:find("string"))`)
	_, err := run(t, m, time.Minute, `return ("x"):rep(1e9)`)
	var l *LimitError
	if !errors.As(err, &l) || l.Name != "string" || l.Want != 1e9 {
		t.Errorf("ended with %v", err)
	}
}

func TestOnHang(t *testing.T) {
	m := machine(t)
	release := make(chan struct{})
	m.SetGlobal("hang", m.State().NewFunction(func(L *lua.LState) int { <-release; return 0 }))
	var hung atomic.Value
	m.OnHang(func(reason error) { hung.Store(reason); close(release) })
	_, err := run(t, m, 20*time.Millisecond, `hang() while true do end`)
	if !errors.Is(err, context.DeadlineExceeded) || hung.Load() != context.DeadlineExceeded {
		t.Errorf("ended with %v, hang said %v", err, hung.Load())
	}
}

// A primitive that ends its children in order after the deadline is no hang.
func TestOnHangLeavesBlockAlone(t *testing.T) {
	m := machine(t)
	m.SetGlobal("slow", m.State().NewFunction(func(L *lua.LState) int {
		m.Block(L, func() {
			<-Context(L).Done()
			timer := time.NewTimer(3 * hangGrace)
			defer timer.Stop()
			<-timer.C
		})
		return 0
	}))
	var hung atomic.Bool
	m.OnHang(func(error) { hung.Store(true) })
	_, err := run(t, m, 20*time.Millisecond, `slow()`)
	if !errors.Is(err, context.DeadlineExceeded) || hung.Load() {
		t.Errorf("ended with %v, hung: %v", err, hung.Load())
	}
}

func TestScriptError(t *testing.T) {
	m := machine(t)
	_, err := run(t, m, time.Minute, "local function inner() error('bad') end\nlocal function outer() inner() end\nouter()")
	var s *ScriptError
	if !errors.As(err, &s) {
		t.Fatalf("ended with %v", err)
	}
	if s.Message != "test:1: bad" || len(s.Traceback) != 3 ||
		!strings.HasPrefix(s.Traceback[0], "test:1: in function") || s.Traceback[2] != "test:3: in main chunk" {
		t.Errorf("%q %q", s.Message, s.Traceback)
	}
	_, err = run(t, m, time.Minute, `error(setmetatable({}, {__tostring = function() return "shown" end}))`)
	if err == nil || err.Error() != "shown" {
		t.Errorf("ended with %v", err)
	}
}

func TestReadOnly(t *testing.T) {
	m := machine(t)
	inner := m.State().NewTable()
	inner.RawSetString("f", lua.LString("original"))
	inner.Append(lua.LNumber(7))
	m.SetGlobal("mod", m.ReadOnly(inner))
	mustRun(t, m, `
for _, f in ipairs{function() mod.f = 1 end, function() mod.new = 1 end, function() rawset(mod, "f", 1) end,
  function() table.insert(mod, 1) end, function() table.remove(mod) end, function() table.sort(mod) end,
  function() setmetatable(mod, {}) end, function() setmetatable(mod, nil) end} do
  local ok, e = pcall(f) assert(not ok, _)
end
assert(mod.f == "original" and rawget(mod, "f") == "original" and #mod == 1)
local n = 0 for k, v in pairs(mod) do n = n + 1 end assert(n == 2)
for i, v in ipairs(mod) do assert(v == 7) end
assert(select(2, next(mod)) == 7 and table.concat(mod) == "7")
assert(getmetatable(mod) == "read-only")
local _, e = pcall(function() mod.f = 1 end) assert(e:find("read%-only"), e)`)
	if inner.RawGetString("f") != lua.LString("original") {
		t.Error("the table behind the view changed")
	}
}

func TestSyntaxErrors(t *testing.T) {
	m := New(Limits{})
	for src, want := range map[string]string{
		"x = = 1":               "c:1: syntax error near '='",
		"\n\nlocal 1":           "c:3: syntax error near '1'",
		"for i = 1 do end":      "c:1: syntax error near 'do'",
		"if x then":             "c:1: syntax error near '<eof>'",
		"break":                 "c:1: no loop to break",
		"goto nowhere":          "c:1: no visible label",
		"\x1bLua":               "c: bytecode is not loaded",
		"#!/bin/x\nlocal 1":     "c:2: syntax error near '1'",
		"return '" + "\n" + "'": "c:",
	} {
		_, err := m.Compile("c", []byte(src))
		var s *SyntaxError
		if !errors.As(err, &s) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %q", src, err, want)
		}
	}
	if _, err := m.Compile("c", []byte("#!/usr/bin/env cortexlua\nreturn 1")); err != nil {
		t.Error(err)
	}
}

func TestLostCoroutinesAreUnwound(t *testing.T) {
	m := machine(t)
	mustRun(t, m, `
for i = 1, 20000 do
  local co = coroutine.wrap(function() pcall(coroutine.yield) end)
  co()
end`)
	if m.live > m.limits.Coroutines {
		t.Errorf("%d coroutines alive", m.live)
	}
}

func TestLongOrdinaryChunk(t *testing.T) {
	m := New(Limits{})
	long := strings.Repeat("print(1)\n", 20_000) + strings.Repeat("x = a.b.c(1, 2)[3] .. 'x'\n", 10_000) +
		strings.Repeat("if a then b() elseif c then d() else e() end\n", 5_000)
	if _, err := m.Compile("c", []byte(long)); err != nil {
		t.Errorf("an ordinary long chunk: %v", err)
	}
}

// TestThousandTasksAreSmall measures what 1,000 waiting tasks take.
func TestThousandTasksAreSmall(t *testing.T) {
	m := machine(t)
	sample := memorySample()
	debug.FreeOSMemory()
	before, during := readMemory(sample), int64(0)
	m.SetGlobal("measure", m.State().NewFunction(func(*lua.LState) int {
		debug.FreeOSMemory()
		during = readMemory(sample)
		return 0
	}))
	mustRun(t, m, `local fns = {} for i = 1, 1000 do fns[i] = function()
		if i == 1000 then wait(0.05) measure() else wait(0.3) pcall(function() wait(0.01) end) end end end
	local ok, failed = parallel(fns) assert(ok == 1000, failed[1])`)
	mib := (during - before) >> 20
	t.Logf("1,000 waiting tasks take %d MiB", mib)
	if mib > 64 {
		t.Errorf("more than 64 MiB")
	}
}

// TestCleanupAfterMemory: a run that went over its memory does not take the next
// one with it.
func TestCleanupAfterMemory(t *testing.T) {
	m := New(Limits{Memory: 96 << 20})
	over, _ := m.Compile("c", []byte(`local t = {} while true do t[#t+1] = {#t} end`))
	after, _ := m.Compile("c", []byte(`local n = 0 for i = 1, 1e6 do n = n + 1 end return n`))
	if _, err := m.Run(timeoutContext(t, time.Minute), m.Load(over)); err == nil {
		t.Fatal("no limit")
	}
	if _, err := m.Run(timeoutContext(t, time.Minute), m.Load(after)); err != nil {
		t.Errorf("cleanup ended with %v", err)
	}
}
