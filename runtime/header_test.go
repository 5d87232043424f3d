package runtime_test

import (
	"strings"
	"testing"

	"github.com/cortexlua/cortexlua/runtime"
	"github.com/cortexlua/cortexlua/runtime/runtimetest"
)

func TestHeaderErrors(t *testing.T) {
	param := func(text string) string {
		return `return x.define({ name = "n", summary = "s", risk = "safe", needs = {}, run = print, params = { ` + text + ` } })`
	}
	key := func(text string) string {
		return `return x.define({ name = "n", summary = "s", risk = "safe", needs = {}, run = print, ` + text + ` })`
	}
	for text, want := range map[string]string{
		`return x.define()`:               `runbook.define returned nil, not a table`,
		`return x.define("x")`:            `runbook.define returned the string "x", not a table`,
		`return x.define({})`:             `name is missing`,
		`return x.define({ name = "n" })`: `summary is missing`,
		`return x.define({ name = "n", summary = "s", risk = "safe", needs = {} })`:                         `run is missing`,
		`return x.define({ name = "n", summary = "s", risk = "safe", needs = {}, run = "x" })`:              `run must be a function, not the string "x"`,
		`return x.define({ name = "n", summary = "s", risk = "safe", run = print })`:                        `needs is missing`,
		`return x.define({ name = "n", summary = "s", risk = "sfae", needs = {}, run = print })`:            `risk is "sfae", did you mean "safe"?: it must be one of safe, disruptive, destructive`,
		`return x.define({ name = "Bad Name", summary = "s", risk = "safe", needs = {}, run = print })`:     `the name "Bad Name" must be lower-case words joined by dashes, such as "rolling-restart"`,
		`return x.define({ name = "../up", summary = "s", risk = "safe", needs = {}, run = print })`:        `the name "../up" must be lower-case words joined by dashes, such as "rolling-restart"`,
		`return x.define({ name = "n", summary = "s", risk = "safe", needs = { "fs.raed" }, run = print })`: `needs: unknown permission "fs.raed", did you mean "fs.read"?`,
		key(`tiemout = "5m"`):                                            `unknown key "tiemout", did you mean "timeout"?`,
		key(`[1] = "x"`):                                                 `unknown key 1: keys must be names`,
		key(`timeout = 5`):                                               `timeout must be a duration with a unit, such as "5s", not the number 5`,
		key(`timeout = "0s"`):                                            `timeout and undo_timeout must be more than 0s: nothing could run`,
		key(`undo_timeout = "0s"`):                                       `timeout and undo_timeout must be more than 0s: nothing could run`,
		param(`{ name = "a", type = "string" }`):                         `params[1] (a).doc is missing`,
		param(`{ name = "a", type = "text", doc = "d" }`):                `params[1] (a).type is "text": it must be one of string, boolean, integer, number, duration, size, list`,
		param(`{ name = "a b", type = "string", doc = "d" }`):            `the parameter name "a b" must be lower-case words joined by dashes`,
		param(`{ name = "-a", type = "string", doc = "d" }`):             `the parameter name "-a" must be lower-case words joined by dashes`,
		param(`{ name = "a", type = "string", doc = "d", defualt = 1 }`): `unknown key "defualt" in params[1] (a), did you mean "default"?`,
		param(`{ name = "a", type = "string", doc = "d" }, { name = "a", type = "list", doc = "d" }`): `the parameter "a" is declared twice`,
		param(`{ name = "a", type = "integer", doc = "d", default = "1" }`):                           `the default of the parameter "a": a is 1: it must be a whole number`,
		param(`{ name = "a", type = "integer", doc = "d", default = 1.5 }`):                           `the default of the parameter "a": a is 1.5: it must be a whole number`,
		param(`{ name = "a", type = "boolean", doc = "d", default = 0 }`):                             `the default of the parameter "a": a is 0: it must be true or false`,
		param(`{ name = "a", type = "duration", doc = "d", default = "5" }`):                          `the default of the parameter "a": a: cannot read "5" as a duration: write a number with a unit, such as "5s", "1m30s" or "14d"`,
		param(`{ name = "a", type = "size", doc = "d", default = 5 }`):                                `the default of the parameter "a": a is 5: it must be a size`,
		param(`{ name = "a", type = "list", doc = "d", default = { 1 } }`):                            `the default of the parameter "a": a is 1: it must be a list of strings`,
		param(`{ name = "a", type = "list", doc = "d", default = { x = "y" } }`):                      `the default of the parameter "a": a is map[x:y]: it must be a list of strings`,
		param(`{ name = "a", type = "string", doc = "d", default = "z", values = { "x", "y" } }`):     `the default of the parameter "a": a is "z": it must be one of x, y`,
		param(`{ name = "a", type = "integer", doc = "d", positional = true }`):                       `the parameter "a" is positional: its type must be string or list`,
	} {
		_, err := runtimetest.TryLoad(t, runtimetest.Case{Text: "local x = { define = function(h) return h end }\n" + text})
		if err == nil || !strings.HasPrefix(err.Error(), "test.lua: "+want) || runtime.KindOf(err) != runtime.Invalid {
			t.Errorf("%s\n got %v\nwant test.lua: %s", text, err, want)
		}
	}
}

// TestWhatIsARunbook: only a last statement that returns a call of define makes a
// header; anything else is a short script, which does not run when it is loaded.
func TestWhatIsARunbook(t *testing.T) {
	const d = `local x = { define = function(h) h = h or {}; h.name, h.summary, h.risk, h.needs, h.run = "n", "s", "safe", {}, print; return h end }` + "\n"
	for text, want := range map[string]bool{
		d + `return x.define({})`:                                true,
		d + `return x.define{}`:                                  true,
		d + `return x . define({})`:                              true,
		d + `return (x).define({})`:                              true,
		d + `return x["define"]({}) -- .define`:                  true,
		"#!/usr/bin/env cortexlua\n" + d + `return x.define({})`: true,
		"# .define\nreturn 1":                                    false,
		d + `return x.define({}), 1`:                             false,
		d + `local h = x.define({}) return 1`:                    false,
		d + `if true then return x.define({}) end`:               false,
		d + `-- return x.define({})`:                             false,
		d + `return "x.define({})"`:                              false,
		d + `return x.define`:                                    false,
		d + `return x.defined and 1`:                             false,
		`return 1`:                                               false,
		``:                                                       false,
		`#!/bin/x`:                                               false,
		`-- nothing`:                                             false,
		`error("it ran") -- .define`:                             false,
	} {
		rb, err := runtimetest.TryLoad(t, runtimetest.Case{Text: text})
		if err != nil || (rb.Header != nil) != want {
			t.Errorf("%s: header %t, error %v", text, rb != nil && rb.Header != nil, err)
		}
	}
}

func TestSyntaxErrors(t *testing.T) {
	for text, want := range map[string]string{
		"x = ":                "test.lua:1: syntax error near '<eof>'",
		"\n\nx = = 1":         "test.lua:3: ",
		"#!/bin/x\n\nx = = 1": "test.lua:3: ",
		"\x1bLua":             "test.lua",
		"return x.define({ ":  "test.lua:1: syntax error near '<eof>'",
	} {
		_, err := runtimetest.TryLoad(t, runtimetest.Case{Text: text})
		if err == nil || !strings.HasPrefix(err.Error(), want) || runtime.KindOf(err) != runtime.Invalid {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestShortScript(t *testing.T) {
	rep := runtimetest.Run(t, runtimetest.Case{Path: "dir/look.lua", Home: "/home/x", Text: `print(run.name, run.home, run.dry_run, #run.id, next(run.params)) return { 1, "x" }`})
	if got := rep.Value(t); !equal(got, []any{1.0, "x"}) || rep.Output != "look\t/home/x\tfalse\t26\tnil\n" {
		t.Errorf("got %v, printed %q", got, rep.Output)
	}
}

// A list parameter is turned into a table before anything runs.
func TestLongListParam(t *testing.T) {
	items := make([]any, 5000)
	for i := range items {
		items[i] = "x"
	}
	rep := runtimetest.Run(t, runtimetest.Case{
		Text: `local runbook = { define = function(h) return h end }
return runbook.define({ name = "long", summary = "Long.", risk = "safe", needs = {}, params = { { name = "items", type = "list", doc = "items" } }, run = function(run) return #run.params.items end })`,
		Params: map[string]any{"items": items},
	})
	if got := rep.Value(t); got != 5000.0 {
		t.Errorf("the run saw %v items", got)
	}
}

func TestParamParse(t *testing.T) {
	for _, c := range []struct {
		typ   string
		texts string // joined by |
		want  any    // an error's text when it starts with !
	}{
		{"string", "a b", "a b"}, {"string", "", ""}, {"string", "a|b", "b"},
		{"boolean", "true", true}, {"boolean", "0", false}, {"boolean", "yes", "!p is yes: it must be true or false"},
		{"integer", "42", 42.0}, {"integer", "-7", -7.0}, {"integer", "1e3", 1000.0},
		{"integer", "1.5", "!p is 1.5: it must be a whole number"}, {"integer", "x", "!p is x: it must be a number"},
		{"integer", "inf", "!p is +Inf: it must be a whole number"}, {"integer", "9007199254740995", "!p is 9.007199254740996e+15: it must be a whole number"},
		{"number", "1.5", 1.5}, {"number", "nan", "!p is NaN: it must be a number"}, {"number", "Inf", "!p is +Inf: it must be a number"},
		{"duration", "1m30s", "1m30s"}, {"duration", "14d", "14d"}, {"duration", "90", "!p: cannot read \"90\" as a duration: write a number with a unit, such as \"5s\", \"1m30s\" or \"14d\""},
		{"size", "10MB", "10MB"}, {"size", "10", "!p: cannot read \"10\" as a size: write a number with a unit, such as \"10MB\" or \"64KiB\""},
		{"list", "a,b|c", []any{"a", "b", "c"}}, {"list", " a , ,b ", []any{"a", "b"}},
	} {
		p := runtime.Param{Name: "p", Type: c.typ}
		got, err := p.Parse(strings.Split(c.texts, "|"))
		if text, bad := c.want.(string); bad && strings.HasPrefix(text, "!") {
			if err == nil || "!"+err.Error() != text {
				t.Errorf("%s %q: %v, want %s", c.typ, c.texts, err, text)
			}
		} else if err != nil || !equal(got, c.want) {
			t.Errorf("%s %q: %#v, %v", c.typ, c.texts, got, err)
		}
	}
	for _, typ := range []string{"string", "boolean", "integer", "duration"} {
		if _, err := (&runtime.Param{Name: "p", Type: typ}).Parse(nil); err == nil {
			t.Errorf("%s of no text", typ)
		}
	}
}

func TestCompleteParams(t *testing.T) {
	h := runtime.Header{Params: []runtime.Param{
		{Name: "daemon", Type: "string", Doc: "which daemon", Required: true},
		{Name: "level", Type: "integer", Default: 3.0},
		{Name: "daemons", Type: "list", Default: "all", Values: []string{"all", "web", "db"}},
		{Name: "note", Type: "string"},
	}}
	for _, c := range []struct {
		given map[string]any
		want  any
	}{
		{map[string]any{"daemon": "web"}, map[string]any{"daemon": "web", "level": 3.0, "daemons": []any{"all"}}},
		{map[string]any{"daemon": "web", "level": 4.0, "daemons": []any{"web", "db"}, "note": ""}, map[string]any{"daemon": "web", "level": 4.0, "daemons": []any{"web", "db"}, "note": ""}},
		{map[string]any{"daemon": "web", "daemons": []any{}}, map[string]any{"daemon": "web", "level": 3.0, "daemons": []any{}}},
		{map[string]any{}, `the parameter "daemon" is missing: which daemon`},
		{map[string]any{"deamon": "web"}, `unknown parameter "deamon", did you mean "daemon"?`},
		{map[string]any{"daemon": "web", "zzz": 1.0, "xxx": 1.0}, `unknown parameter "xxx"`},
		{map[string]any{"daemon": 7.0}, `daemon is 7: it must be a string`},
		{map[string]any{"daemon": "web", "daemons": []any{"wbe"}}, `daemons is "wbe", did you mean "web"?: it must be one of all, web, db`},
	} {
		got, err := h.CompleteParams(c.given)
		if text, bad := c.want.(string); bad {
			if err == nil || err.Error() != text {
				t.Errorf("%v: %v, want %s", c.given, err, text)
			}
		} else if err != nil || !equal(got, c.want) {
			t.Errorf("%v: %v, %v", c.given, got, err)
		}
	}
}
