package vm

import (
	"fmt"
	"math"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

func baseFuncs() []fn {
	return []fn{
		{"assert", baseAssert}, {"error", baseError}, {"getmetatable", baseGetMetatable},
		{"ipairs", baseIpairs}, {"next", baseNext}, {"pairs", basePairs}, {"pcall", basePCall},
		{"print", basePrint}, {"rawequal", baseRawEqual}, {"rawget", baseRawGet}, {"rawset", baseRawSet},
		{"select", baseSelect}, {"setmetatable", baseSetMetatable}, {"tonumber", baseToNumber},
		{"tostring", baseToString}, {"type", baseType}, {"unpack", baseUnpack}, {"xpcall", baseXPCall},
	}
}

func baseGetMetatable(L *lua.LState) int {
	L.Push(L.GetMetatable(checkAny(L, 1)))
	return 1
}

// baseSetMetatable takes tables only: upstream lets a script set the metatable of
// all numbers, functions or strings.
func baseSetMetatable(L *lua.LState) int {
	t := checkOwn(L, 1)
	mt := L.Get(2)
	if mt != lua.LNil && mt.Type() != lua.LTTable || L.GetTop() < 2 {
		argError(L, 2, "nil or table expected")
	}
	if old, ok := t.Metatable.(*lua.LTable); ok && old.RawGetString("__metatable") != lua.LNil {
		throw(L, "cannot change a protected metatable")
	}
	t.Metatable = mt
	L.SetTop(1)
	return 1
}

// basePairs looks through read-only views. It hands out the machine's own next, not
// what a script may have put under that name.
func basePairs(L *lua.LState) int {
	t := checkTable(L, 1)
	L.Push(threadOf(L).vm.next)
	L.Push(t)
	L.Push(lua.LNil)
	return 3
}

func baseNext(L *lua.LState) int {
	t := checkTable(L, 1)
	k, v := t.Next(L.Get(2))
	if k == lua.LNil {
		L.Push(lua.LNil)
		return 1
	}
	L.Push(k)
	L.Push(v)
	return 2
}

func baseIpairs(L *lua.LState) int {
	t := checkTable(L, 1)
	L.Push(threadOf(L).vm.inext)
	L.Push(t)
	L.Push(lua.LNumber(0))
	return 3
}

func ipairsStep(L *lua.LState) int {
	t := checkTable(L, 1)
	i := checkInt(L, 2) + 1
	v := t.RawGetInt(i)
	if v == lua.LNil {
		v = t.RawGet(lua.LNumber(i))
	}
	if v == lua.LNil {
		L.Push(lua.LNil)
		return 1
	}
	L.Push(lua.LNumber(i))
	L.Push(v)
	return 2
}

func baseRawEqual(L *lua.LState) int {
	L.Push(lua.LBool(L.RawEqual(checkAny(L, 1), checkAny(L, 2))))
	return 1
}

func baseRawGet(L *lua.LState) int {
	L.Push(checkTable(L, 1).RawGet(checkAny(L, 2)))
	return 1
}

func baseRawSet(L *lua.LState) int {
	t := checkOwn(L, 1)
	checkAny(L, 3)
	L.RawSet(t, checkAny(L, 2), L.Get(3))
	L.SetTop(1)
	return 1
}

func baseSelect(L *lua.LState) int {
	if s, ok := L.Get(1).(lua.LString); ok && s == "#" {
		L.Push(lua.LNumber(L.GetTop() - 1))
		return 1
	}
	n, top := checkInt(L, 1), L.GetTop()
	if n < 0 {
		n = top + n
	} else if n > top {
		n = top
	}
	if n < 1 {
		argError(L, 1, "index out of range")
	}
	return top - n
}

func baseToNumber(L *lua.LState) int {
	v := checkAny(L, 1)
	if base := optInt(L, 2, 10); base != 10 {
		if base < 2 || base > 36 {
			argError(L, 2, "base out of range")
		}
		L.Push(inBase(checkString(L, 1), base))
		return 1
	}
	switch v := v.(type) {
	case lua.LNumber:
		L.Push(v)
	case lua.LString:
		if f, ok := parseNumber(string(v)); ok {
			L.Push(lua.LNumber(f))
		} else {
			L.Push(lua.LNil)
		}
	default:
		L.Push(lua.LNil)
	}
	return 1
}

// inBase reads an integer as C's strtoul does.
func inBase(s string, base int) lua.LValue {
	s = strings.Trim(s, " \t\n\v\f\r")
	neg := strings.HasPrefix(s, "-")
	s = strings.TrimPrefix(strings.TrimPrefix(s, "-"), "+")
	if base == 16 && len(s) > 2 && (s[:2] == "0x" || s[:2] == "0X") {
		s = s[2:]
	}
	if s == "" || len(s) > 1000 {
		return lua.LNil
	}
	f := 0.0
	for i := 0; i < len(s); i++ {
		d := digit(s[i])
		if d >= base {
			return lua.LNil
		}
		f = f*float64(base) + float64(d)
	}
	if f > math.MaxUint64 {
		f = math.MaxUint64
	}
	if neg {
		f = float64(-uint64(f))
	}
	return lua.LNumber(f)
}

// toString is tostring: __tostring if there is one, which must give a string.
func toString(L *lua.LState, v lua.LValue) string {
	switch v := v.(type) {
	case lua.LString:
		return string(v)
	case lua.LNumber:
		return formatNumber(v)
	}
	f := threadOf(L).vm.metaField(v, "__tostring")
	if f == lua.LNil {
		return v.String()
	}
	L.Push(f)
	L.Push(v)
	L.Call(1, 1)
	out := L.Get(-1)
	L.Pop(1)
	switch out := out.(type) {
	case lua.LString:
		return string(out)
	case lua.LNumber:
		return formatNumber(out)
	}
	throw(L, "'tostring' must return a string to 'print'")
	return ""
}

func baseToString(L *lua.LState) int {
	v := checkAny(L, 1)
	f := threadOf(L).vm.metaField(v, "__tostring")
	if f == lua.LNil {
		L.Push(lua.LString(toString(L, v)))
		return 1
	}
	L.Push(f)
	L.Push(v)
	L.Call(1, 1)
	return 1
}

func baseType(L *lua.LState) int {
	L.Push(lua.LString(checkAny(L, 1).Type().String()))
	return 1
}

// maxResults bounds what one call pushes: as large as a stack can take beside what
// it holds already.
const maxResults = registryMax / 4

func baseUnpack(L *lua.LState) int {
	t := checkTable(L, 1)
	from, to := optInt(L, 2, 1), 0
	if L.Get(3) == lua.LNil {
		to = t.Len()
	} else {
		to = checkInt(L, 3)
	}
	if from > to {
		return 0
	}
	if n := uint64(to) - uint64(from); n >= maxResults {
		throw(L, "too many results to unpack")
	}
	for i := from; ; i++ {
		L.Push(t.RawGet(lua.LNumber(i)))
		if i == to {
			break
		}
	}
	return to - from + 1
}

func basePrint(L *lua.LState) int {
	t := threadOf(L)
	m := t.vm
	var line []byte
	for i := 1; i <= L.GetTop(); i++ {
		if i > 1 {
			line = append(line, '\t')
		}
		line = append(line, toString(L, L.Get(i))...)
		if len(line) > m.limits.String {
			t.fail(L, &LimitError{Name: "string", Limit: int64(m.limits.String)})
		}
	}
	line = append(line, '\n')
	if m.printed += int64(len(line)); m.printed > m.limits.Output {
		AbortRun(L, &LimitError{Name: "output", Limit: m.limits.Output})
	}
	if _, err := m.out.Write(line); err != nil {
		throw(L, fmt.Sprintf("cannot print: %v", err))
	}
	return 0
}
