package vm

import (
	"fmt"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// explain rewords what gopher-lua says about a failed operation into what Lua
// says, or says more: operators read these. Other messages pass unchanged.
func explain(L *lua.LState, msg string) string {
	if len(msg) > 400 {
		return msg
	}
	msg = strings.TrimPrefix(msg, " ") // what upstream puts behind a position that is not there
	if i := strings.Index(msg, "attempt to index a non-table object("); i >= 0 {
		typ, key, ok := strings.Cut(msg[i+len("attempt to index a non-table object("):], ") with key ")
		if ok {
			return msg[:i] + fmt.Sprintf("attempt to index a %s value (key %s)", typ, key)
		}
	}
	if i := strings.Index(msg, "attempt to call a non-function object"); i >= 0 {
		return msg[:i] + explainCall(L)
	}
	if i := strings.Index(msg, "cannot perform "); i >= 0 {
		if _, types, ok := strings.Cut(msg[i:], " operation between "); ok {
			return msg[:i] + "attempt to perform arithmetic on a " + blame(types, "number") + " value"
		}
	}
	if i := strings.Index(msg, "attempt to compare "); i >= 0 {
		a, b, ok := strings.Cut(msg[i+len("attempt to compare "):], " with ")
		if ok && a == b {
			return msg[:i] + "attempt to compare two " + a + " values"
		}
	}
	for _, op := range [...][2]string{{"__unm undefined", "perform arithmetic on"}, {"__len undefined", "get length of"}} {
		if strings.HasSuffix(msg, op[0]) {
			return strings.TrimSuffix(msg, op[0]) + "attempt to " + op[1] + " a value that has none"
		}
	}
	return msg
}

// blame picks the operand of "A and B" that is at fault.
func blame(types, good string) string {
	a, b, _ := strings.Cut(types, " and ")
	if a == good {
		return b
	}
	return a
}

// explainCall names what was called, if the line has only one candidate.
func explainCall(L *lua.LState) string {
	const unknown = "attempt to call a value that is not a function"
	dbg, ok := L.GetStack(0)
	if !ok {
		return unknown
	}
	f, err := L.GetInfo("fl", dbg, nil)
	fn, isFn := f.(*lua.LFunction)
	if err != nil || !isFn || fn.Proto == nil {
		return unknown
	}
	var names []string
	for _, c := range fn.Proto.DbgCalls {
		if c.Pc < len(fn.Proto.DbgSourcePositions) && fn.Proto.DbgSourcePositions[c.Pc] == dbg.CurrentLine &&
			c.Name != "?" && c.Name != concatName && !slices.Contains(names, c.Name) {
			names = append(names, c.Name)
		}
	}
	switch len(names) {
	case 0:
		return unknown
	case 1:
		return "attempt to call '" + names[0] + "', which is not a function"
	}
	return unknown + " (one of '" + strings.Join(names, "', '") + "')"
}
