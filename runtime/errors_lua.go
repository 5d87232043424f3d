package runtime

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"github.com/cortexlua/cortexlua/runtime/internal/vm"
)

// raise raises err as a Lua error that the script can catch.
func raise(L *lua.LState, err *Error) { L.Error(errorTable(L, err), 0) }

// errorTable is the Lua form of an error: a table with the fields kind, op,
// message, hint, details and where.
func errorTable(L *lua.LState, err *Error) *lua.LTable {
	e := encoder{L: L, host: runOf(L)}
	tbl := L.CreateTable(0, 6)
	tbl.RawSetString("kind", lua.LString(err.Kind))
	tbl.RawSetString("message", lua.LString(err.Message))
	if err.Op != "" {
		tbl.RawSetString("op", lua.LString(err.Op))
	}
	if err.Hint != "" {
		tbl.RawSetString("hint", lua.LString(err.Hint))
	}
	if err.Where == "" {
		err.Where = trimWhere(L.Where(1))
	}
	if err.Where != "" {
		tbl.RawSetString("where", lua.LString(err.Where))
	}
	details := L.CreateTable(0, len(err.Details))
	for _, k := range sortedKeys(err.Details) {
		details.RawSetString(k, e.any(err.Details[k]))
	}
	tbl.RawSetString("details", details)
	tbl.Metatable = errorMetatable(L)
	return tbl
}

// runKey is where the registry keeps the run that a state belongs to.
const runKey = "cortexlua.run"

// runOf is the run that L belongs to, which knows how to show handles and nulls.
func runOf(L *lua.LState) *Run {
	ud, ok := L.Get(lua.RegistryIndex).(*lua.LTable).RawGetString(runKey).(*lua.LUserData)
	if !ok {
		return nil
	}
	r, _ := ud.Value.(*Run)
	return r
}

// trimWhere takes the ": " off gopher-lua's "file:line: ".
func trimWhere(where string) string {
	for len(where) > 0 && (where[len(where)-1] == ' ' || where[len(where)-1] == ':') {
		where = where[:len(where)-1]
	}
	return where
}

// errorMetatableKey is where the registry keeps the one metatable of errors.
const errorMetatableKey = "cortexlua.error"

func errorMetatable(L *lua.LState) *lua.LTable {
	registry := L.Get(lua.RegistryIndex).(*lua.LTable)
	if mt, ok := registry.RawGetString(errorMetatableKey).(*lua.LTable); ok {
		return mt
	}
	mt := L.CreateTable(0, 2)
	mt.RawSetString("__metatable", lua.LString("error"))
	mt.RawSetString("__tostring", L.NewFunction(func(L *lua.LState) int {
		L.Push(lua.LString(fromLua(L.Get(1)).Error()))
		return 1
	}))
	registry.RawSetString(errorMetatableKey, mt)
	return mt
}

// fromScript is an error that a script raised and did not catch. It keeps the
// cause, since that may be a limit.
func fromScript(script *vm.ScriptError) *Error {
	e := &Error{Kind: Failed}
	if _, ok := script.Value.(*lua.LTable); ok {
		e = fromLua(script.Value)
	}
	if e.Message == "" {
		e.Message = script.Message
	}
	if e.Where == "" {
		e.Where = position(script.Message)
	}
	if e.Where == "" && len(script.Traceback) > 0 {
		e.Where = position(script.Traceback[0])
	}
	e.Trace = strings.Join(script.Traceback, "\n")
	e.Err = errors.Join(script, e.Err)
	return e
}

// position is the "file:line" that text starts with, or "".
func position(text string) string {
	before, _, _ := strings.Cut(text, ": ")
	file, line, ok := strings.Cut(before, ":")
	if _, err := strconv.Atoi(line); err != nil || !ok || file == "" {
		return ""
	}
	return before
}

// fromLua reads an error value that a script raised: our own table, a table of
// the same shape, or anything else, which is [Failed].
func fromLua(v lua.LValue) *Error {
	tbl, ok := v.(*lua.LTable)
	if !ok {
		return &Error{Kind: Failed, Message: v.String()}
	}
	text := func(key string) string { return lua.LVAsString(tbl.RawGetString(key)) }
	e := &Error{Kind: Kind(text("kind")), Op: text("op"), Message: text("message"), Hint: text("hint"), Where: text("where")}
	if !slices.Contains(kinds[:], e.Kind) {
		e.Kind = Failed
	}
	if d, err := newDecoder(nil, nil).any(tbl.RawGetString("details"), "details", 0); err == nil {
		e.Details, _ = d.(map[string]any)
	}
	if name, ok := e.Details["limit"].(string); ok {
		e.Err = &vm.LimitError{Name: name} // so that the exit code shows it
	}
	return e
}

// fromVM turns what the VM reports into an [Error]: a script's error, the end of
// a deadline, a limit, a panic.
func fromVM(err error) *Error {
	var script *vm.ScriptError
	var limit *vm.LimitError
	var syntax *vm.SyntaxError
	var panicked *vm.PanicError
	var own *Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &own):
		return own
	case errors.As(err, &script):
		return fromScript(script)
	case errors.As(err, &limit):
		return &Error{Kind: Failed, Message: limit.Error(), Err: err}
	case errors.As(err, &syntax):
		return &Error{Kind: Invalid, Message: syntax.Error(), Err: err}
	case errors.As(err, &panicked):
		return &Error{Kind: Internal, Message: panicked.Error(), Trace: string(panicked.Stack), Err: err}
	}
	return asError(context.Background(), "", err)
}
