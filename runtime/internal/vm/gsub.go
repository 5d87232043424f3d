package vm

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"github.com/cortexlua/cortexlua/runtime/internal/luapattern"
)

// gsub is one call of string.gsub.
type gsub struct {
	L    *lua.LState
	t    *thread
	m    luapattern.Matcher
	s    string
	repl lua.LValue
	out  []byte
}

func strGsub(L *lua.LState) int {
	s, p := checkString(L, 1), checkString(L, 2)
	g := &gsub{L: L, t: threadOf(L), s: s, repl: L.Get(3)}
	switch v := g.repl.(type) {
	case lua.LString, *lua.LTable, *lua.LFunction:
	case lua.LNumber:
		g.repl = lua.LString(formatNumber(v))
	default:
		argError(L, 3, "string/function/table expected")
	}
	limit := optInt(L, 4, len(s)+1)
	g.m.Init(s, p, true, g.t.tick)
	n := g.run(limit)
	if n == 0 {
		L.Push(lua.LString(s))
	} else {
		L.Push(lua.LString(g.out))
	}
	L.Push(lua.LNumber(n))
	return 2
}

// run replaces up to limit matches and tells how many there were.
func (g *gsub) run(limit int) int {
	n, at := 0, 0
	for n < limit {
		start, end, err := g.m.Find(at)
		if err != nil {
			g.t.patternError(g.L, err)
		}
		if start < 0 {
			break
		}
		n++
		g.add(g.s[at:start])
		g.replace(start, end)
		if at = end; end == start {
			if at < len(g.s) {
				g.add(g.s[at : at+1])
			}
			at++
		}
		if at > len(g.s) || g.m.Anchored() {
			break
		}
	}
	if n > 0 && at < len(g.s) {
		g.add(g.s[at:])
	}
	return n
}

// add appends text within the budget of a string.
func (g *gsub) add(text string) {
	need := len(g.out) + len(text)
	if need > cap(g.out) {
		g.t.room(g.L, need)
		grown := make([]byte, len(g.out), max(need+need/2, len(g.s)+len(g.s)/8, 64))
		copy(grown, g.out)
		g.out = grown
	}
	g.out = append(g.out, text...)
}

// replace appends what stands for the match.
func (g *gsub) replace(start, end int) {
	var v lua.LValue
	switch r := g.repl.(type) {
	case lua.LString:
		g.expand(string(r), start, end)
		return
	case *lua.LTable:
		v = g.L.GetTable(r, g.first(start, end))
	case *lua.LFunction:
		v = g.callback(r, start, end)
	}
	switch v := v.(type) {
	case lua.LString:
		g.add(string(v))
	case lua.LNumber:
		g.add(formatNumber(v))
	default:
		if lua.LVAsBool(v) {
			throw(g.L, fmt.Sprintf("invalid replacement value (a %s)", v.Type()))
		}
		g.add(g.s[start:end])
	}
}

// first is the first capture, or the whole match.
func (g *gsub) first(start, end int) lua.LValue {
	if g.m.Captures() == 0 {
		return lua.LString(g.s[start:end])
	}
	return captureValue(g.L, &g.m, g.s, 0)
}

func (g *gsub) callback(f *lua.LFunction, start, end int) lua.LValue {
	g.t.check()
	L := g.L
	L.Push(f)
	n := pushCaptures(L, &g.m, g.s, start, end, true)
	L.Call(n, 1)
	v := L.Get(-1)
	L.Pop(1)
	return v
}

// expand appends a replacement text with %0 to %9 filled in. As in Lua 5.1, '%'
// before any other byte stands for that byte.
func (g *gsub) expand(r string, start, end int) {
	plain := 0
	for i := 0; i < len(r); i++ {
		if r[i] != '%' {
			continue
		}
		g.add(r[plain:i])
		i++
		plain = i + 1
		switch {
		case i >= len(r):
			g.add("\x00") // what C finds behind the end
			plain = i
		case r[i] == '0':
			g.add(g.s[start:end])
		case r[i] >= '1' && r[i] <= '9':
			g.capture(int(r[i]-'1'), start, end)
		default:
			plain = i
		}
	}
	if plain < len(r) {
		g.add(r[plain:])
	}
}

func (g *gsub) capture(i, start, end int) {
	if i == 0 && g.m.Captures() == 0 {
		g.add(g.s[start:end])
		return
	}
	if i >= g.m.Captures() {
		throw(g.L, "invalid capture index")
	}
	switch v := captureValue(g.L, &g.m, g.s, i).(type) {
	case lua.LString:
		g.add(string(v))
	case lua.LNumber:
		g.add(formatNumber(v))
	}
}
