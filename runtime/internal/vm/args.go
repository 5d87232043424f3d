package vm

import (
	"fmt"
	"math"

	lua "github.com/yuin/gopher-lua"
)

// fn is a library function under its name.
type fn struct {
	name string
	f    lua.LGFunction
}

// library makes a table of functions.
func (m *VM) library(fns []fn) *lua.LTable {
	t := m.base.CreateTable(0, len(fns))
	for _, f := range fns {
		t.RawSetString(f.name, m.base.NewFunction(f.f))
	}
	return t
}

// argError raises the standard message about argument n of the running function.
func argError(L *lua.LState, n int, msg string) {
	name := "?"
	if dbg, ok := L.GetStack(0); ok {
		if _, hasCaller := L.GetStack(1); hasCaller {
			if _, err := L.GetInfo("n", dbg, nil); err == nil && dbg.Name != "" {
				name = dbg.Name
			}
		}
	}
	throw(L, fmt.Sprintf("bad argument #%d to '%s' (%s)", n, name, msg))
}

// where is the position of the caller at a level, ready to be put before a message.
func where(L *lua.LState, level int) string {
	pos := L.Where(level)
	if pos == "" || pos == "[G]:" {
		return ""
	}
	return pos + " "
}

// throw raises a message with the position of the calling Lua code.
func throw(L *lua.LState, msg string) { Raise(L, lua.LString(where(L, 1)+msg)) }

func typeError(L *lua.LState, n int, want string) {
	got := "no value"
	if n <= L.GetTop() {
		got = L.Get(n).Type().String()
	}
	argError(L, n, want+" expected, got "+got)
}

func checkAny(L *lua.LState, n int) lua.LValue {
	if n > L.GetTop() {
		argError(L, n, "value expected")
	}
	return L.Get(n)
}

// checkString takes a string, or a number as the text that Lua prints for it.
func checkString(L *lua.LState, n int) string {
	switch v := L.Get(n).(type) {
	case lua.LString:
		return string(v)
	case lua.LNumber:
		return formatNumber(v)
	}
	typeError(L, n, "string")
	return ""
}

func optString(L *lua.LState, n int, d string) string {
	if L.Get(n) == lua.LNil {
		return d
	}
	return checkString(L, n)
}

// checkNumber takes a number, or a string that reads as one.
func checkNumber(L *lua.LState, n int) float64 {
	switch v := L.Get(n).(type) {
	case lua.LNumber:
		return float64(v)
	case lua.LString:
		if f, ok := parseNumber(string(v)); ok {
			return f
		}
	}
	typeError(L, n, "number")
	return 0
}

// checkInt takes a number and cuts it to an integer as a C cast would, except that
// what does not fit is clamped and not undefined.
func checkInt(L *lua.LState, n int) int { return toInt(checkNumber(L, n)) }

func optInt(L *lua.LState, n, d int) int {
	if L.Get(n) == lua.LNil {
		return d
	}
	return checkInt(L, n)
}

func toInt(f float64) int {
	switch {
	case f != f:
		return 0
	case f >= math.MaxInt64:
		return math.MaxInt64
	case f <= math.MinInt64:
		return math.MinInt64
	}
	return int(f)
}

func checkFunction(L *lua.LState, n int) *lua.LFunction {
	f, ok := L.Get(n).(*lua.LFunction)
	if !ok {
		typeError(L, n, "function")
	}
	return f
}

// checkTable takes a table to read from: of a read-only view, what is behind it.
func checkTable(L *lua.LState, n int) *lua.LTable {
	t, ok := L.Get(n).(*lua.LTable)
	if !ok {
		typeError(L, n, "table")
	}
	return behind(t)
}

// checkOwn takes a table to write to.
func checkOwn(L *lua.LState, n int) *lua.LTable {
	t, ok := L.Get(n).(*lua.LTable)
	if !ok {
		typeError(L, n, "table")
	}
	if behind(t) != t {
		argError(L, n, "the table is read-only")
	}
	return t
}
