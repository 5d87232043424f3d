package vm

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// What Literal reads is what running the chunk gives.
func TestLiteralAgreesWithRunning(t *testing.T) {
	for _, text := range []string{
		`return {}`,
		"#!/usr/bin/env x\nreturn { 1, 2.5, 0x10, 1e3, 007, 'a\\n', [[long]], true, false, nil, 9 }",
		`return { a = 1, ["b c"] = { 2, { x = 'y' } }, 3, c = nil }`,
		"-- a comment\nreturn { -- another\n a = { 1; 2, 3 }, }",
		`return { a = 1, a = 2 }`,
	} {
		m := machine(t)
		got, ok := m.Literal("t", []byte(text))
		if !ok {
			t.Errorf("%s: not read", text)
			continue
		}
		out, err := run(t, m, time.Minute, text)
		if err != nil {
			t.Fatal(err)
		}
		if want := out[0].(*lua.LTable); show(got) != show(want) {
			t.Errorf("%s:\n%s\nbut running gives\n%s", text, show(got), show(want))
		}
	}
}

func show(v lua.LValue) string {
	tbl, ok := v.(*lua.LTable)
	if !ok {
		return fmt.Sprintf("%s %s", v.Type(), v)
	}
	var parts []string
	for i := 1; i <= tbl.Len(); i++ {
		parts = append(parts, show(tbl.RawGetInt(i)))
	}
	var named []string
	tbl.ForEach(func(k, v lua.LValue) {
		if _, name := k.(lua.LString); name {
			named = append(named, fmt.Sprintf("%s=%s", k, show(v)))
		}
	})
	slices.Sort(named) // ForEach keeps no order
	parts = append(parts, named...)
	return "{" + strings.Join(parts, ", ") + "}"
}

func TestLiteralLeavesTheRestToTheCompiler(t *testing.T) {
	m := machine(t)
	for _, text := range []string{
		`return 1`, `return { f() }`, `return { x }`, `return { 1 + 1 }`, `local a = 1 return { a }`, `return {}, {}`,
		`return { [1] = 2 }`, `return { -1 }`, `return { function() end }`, `return {`, ``, `return { "a" .. "b" }`,
		"return " + strings.Repeat("{", 10000), "\x1bLua",
	} {
		if _, ok := m.Literal("t", []byte(text)); ok {
			t.Errorf("%.40s: read as a literal", text)
		}
	}
}
