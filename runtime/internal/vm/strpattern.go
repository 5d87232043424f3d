package vm

import (
	"errors"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/cortexlua/cortexlua/runtime/internal/luapattern"
)

var errStopped = errors.New("the scope has ended")

// tick is what a matcher asks.
func (t *thread) tick() error {
	if t.exec.scope.dead() {
		return errStopped
	}
	return nil
}

// patternError raises what a matcher reports.
func (t *thread) patternError(L *lua.LState, err error) {
	t.check()
	throw(L, err.Error())
}

func strFind(L *lua.LState) int  { return findOrMatch(L, true) }
func strMatch(L *lua.LState) int { return findOrMatch(L, false) }

func findOrMatch(L *lua.LState, find bool) int {
	s, p := checkString(L, 1), checkString(L, 2)
	from := relative(optInt(L, 3, 1), len(s)) - 1
	if from < 0 {
		from = 0
	} else if from > len(s) {
		from = len(s)
	}
	if find && (lua.LVAsBool(L.Get(4)) || luapattern.Plain(p)) {
		i := strings.Index(s[from:], p)
		if i < 0 {
			L.Push(lua.LNil)
			return 1
		}
		L.Push(lua.LNumber(from + i + 1))
		L.Push(lua.LNumber(from + i + len(p)))
		return 2
	}
	t := threadOf(L)
	m := &t.vm.matcher
	m.Init(s, p, true, t.tick)
	start, end, err := m.Find(from)
	if err != nil {
		t.patternError(L, err)
	}
	if start < 0 {
		L.Push(lua.LNil)
		return 1
	}
	if find {
		L.Push(lua.LNumber(start + 1))
		L.Push(lua.LNumber(end))
		return 2 + pushCaptures(L, m, s, 0, 0, false)
	}
	return pushCaptures(L, m, s, start, end, true)
}

// pushCaptures pushes all captures, or the whole match when there are none and
// whole is set.
func pushCaptures(L *lua.LState, m *luapattern.Matcher, s string, start, end int, whole bool) int {
	n := m.Captures()
	if n == 0 && whole {
		L.Push(lua.LString(s[start:end]))
		return 1
	}
	for i := range n {
		L.Push(captureValue(L, m, s, i))
	}
	return n
}

func captureValue(L *lua.LState, m *luapattern.Matcher, s string, i int) lua.LValue {
	a, b, isPos, err := m.Capture(i)
	switch {
	case err != nil:
		threadOf(L).patternError(L, err)
	case isPos:
		return lua.LNumber(a + 1)
	}
	return lua.LString(s[a:b])
}

// strGmatch matches as the loop goes, unlike upstream, which collects all matches
// first.
func strGmatch(L *lua.LState) int {
	s, p := checkString(L, 1), checkString(L, 2)
	m := &luapattern.Matcher{}
	at := 0
	L.Push(L.NewFunction(func(L *lua.LState) int {
		t := threadOf(L)
		m.Init(s, p, false, t.tick)
		if at > len(s) {
			L.Push(lua.LNil)
			return 1
		}
		start, end, err := m.Find(at)
		if err != nil {
			t.patternError(L, err)
		}
		if start < 0 {
			at = len(s) + 1
			L.Push(lua.LNil)
			return 1
		}
		if at = end; end == start {
			at++
		}
		return pushCaptures(L, m, s, start, end, true)
	}))
	return 1
}
