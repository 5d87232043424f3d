package vm

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// maxTrace is how many frames a traceback shows.
const maxTrace = 20

// traceback lists the frames of t's stack and of those that called it, innermost
// first, from a level on. It never renders more than it shows: an endless
// tail call is one frame here.
func (t *thread) traceback(L *lua.LState, level int) []string {
	var out []string
	for th := t; th != nil && len(out) < maxTrace; th = th.parent {
		for ; len(out) < maxTrace; level++ {
			line, ok := frameLine(th.L, level)
			if !ok {
				break
			}
			if line != "" {
				out = append(out, line)
			}
		}
		level = 0
	}
	if len(out) == maxTrace {
		out = append(out, "...")
	}
	return out
}

// frameLine describes one frame; Go functions are named only.
func frameLine(L *lua.LState, level int) (string, bool) {
	dbg, ok := L.GetStack(level)
	if !ok {
		return "", false
	}
	if _, err := L.GetInfo("Sln", dbg, nil); err != nil {
		return "", false
	}
	if dbg.Source == "" {
		return "", true
	}
	what := "in function '" + dbg.Name + "'"
	switch {
	case dbg.What == "main" || dbg.Name == "":
		what = fmt.Sprintf("in function <%s:%d>", dbg.Source, dbg.LineDefined)
		if dbg.LineDefined == 0 {
			what = "in main chunk"
		}
	case dbg.Name[0] == '<' || dbg.Name[0] == '(':
		what = "in function " + dbg.Name
	}
	return fmt.Sprintf("%s:%d: %s", dbg.Source, dbg.CurrentLine, what), true
}

// debugTraceback is debug.traceback: text, and the stack of the running code.
func debugTraceback(L *lua.LState) int {
	msg := L.Get(1)
	if msg != lua.LNil && msg.Type() != lua.LTString && msg.Type() != lua.LTNumber {
		L.Push(msg)
		return 1
	}
	var b strings.Builder
	if msg != lua.LNil {
		b.WriteString(checkString(L, 1) + "\n")
	}
	b.WriteString("stack traceback:")
	for _, line := range threadOf(L).traceback(L, 1) {
		b.WriteString("\n\t" + line)
	}
	L.Push(lua.LString(b.String()))
	return 1
}
