package runtime_test

import (
	"strings"
	"testing"
	"time"

	"github.com/cortexlua/cortexlua/runtime"
	"github.com/cortexlua/cortexlua/runtime/runtimetest"
)

// raised runs a line of Lua that must raise, and gives the error.
func raised(t *testing.T, line string, modules ...runtime.Module) *runtime.Error {
	t.Helper()
	rep := runtimetest.Run(t, runtimetest.Case{Text: line, Modules: modules})
	if rep.Err == nil {
		t.Fatalf("%s: succeeded with %v", line, rep.Result.Value)
	}
	return rep.Err
}

func TestArgumentsAndOptions(t *testing.T) {
	for line, want := range map[string]string{
		`lamps.describe("hall")`:                                                    "hall 5s 1000 3 calm true 0.5",
		`lamps.describe("hall", nil)`:                                               "hall 5s 1000 3 calm true 0.5",
		`lamps.describe("hall", {})`:                                                "hall 5s 1000 3 calm true 0.5",
		`lamps.describe("hall", {}, nil, nil)`:                                      "hall 5s 1000 3 calm true 0.5",
		`lamps.describe("hall", { grace = "1m30s", max = "2KiB", level = 9 })`:      "hall 1m30s 2048 9 calm true 0.5",
		`lamps.describe("hall", { grace = "0s", loud = false, ratio = 0 })`:         "hall 0s 1000 3 calm false 0",
		`lamps.describe("", { mood = "asleep", level = 1, ratio = 1, max = "0B" })`: " 5s 0 1 asleep true 1",
	} {
		if got := run(t, "return "+line).Value(t); got != want {
			t.Errorf("%s = %q, want %q", line, got, want)
		}
	}
}

func TestArgumentErrors(t *testing.T) {
	h := newHouse()
	for line, want := range map[string]string{
		`lamps.describe()`:                                   `name is missing: it must be a string`,
		`lamps.describe(7)`:                                  `name must be a string, not the number 7`,
		`lamps.describe(true)`:                               `name must be a string, not true`,
		`lamps.describe({})`:                                 `name must be a string, not a table`,
		`lamps.describe(print)`:                              `name must be a string, not a function`,
		`lamps:describe("hall")`:                             `name must be a string, not a table`,
		`lamps.describe("hall", "5s")`:                       `options must be a table such as { grace = ... }, not the string "5s"`,
		`lamps.describe("hall", 5)`:                          `options must be a table such as { grace = ... }, not the number 5`,
		`lamps.describe("hall", false)`:                      `options must be a table such as { grace = ... }, not false`,
		`lamps.describe("hall", {}, "x")`:                    `too many arguments: it takes 2, this call has 3`,
		`lamps.describe("hall", {}, nil, 1)`:                 `too many arguments: it takes 2, this call has 4`,
		`lamps.find("hall", {})`:                             `too many arguments: it takes 1, this call has 2`,
		`lamps.horn(1)`:                                      `too many arguments: it takes 0, this call has 1`,
		`lamps.describe("hall", { grase = "5s" })`:           `unknown option "grase", did you mean "grace"?`,
		`lamps.describe("hall", { Grace = "5s" })`:           `unknown option "Grace", did you mean "grace"?`,
		`lamps.describe("hall", { colour = "red" })`:         `unknown option "colour"; known: grace, max, level, mood, loud, ratio`,
		`lamps.describe("hall", { "5s" })`:                   `unknown option 1: keys must be names`,
		`lamps.describe("hall", { [true] = 1 })`:             `unknown option true: keys must be names`,
		`lamps.describe("hall", { [{}] = 1 })`:               `unknown option a table: keys must be names`,
		`lamps.describe("hall", { grace = 5 })`:              `grace must be a duration with a unit, such as "5s", not the number 5`,
		`lamps.describe("hall", { grace = "5" })`:            `grace: cannot read "5" as a duration: write a number with a unit, such as "5s", "1m30s" or "14d"`,
		`lamps.describe("hall", { grace = "-5s" })`:          `grace: cannot read "-5s" as a duration: write a number with a unit, such as "5s", "1m30s" or "14d"`,
		`lamps.describe("hall", { grace = "-1d" })`:          `grace: cannot read "-1d" as a duration: write a number with a unit, such as "5s", "1m30s" or "14d"`,
		`lamps.describe("hall", { max = 10 })`:               `max must be a size with a unit, such as "10MB", not the number 10`,
		`lamps.describe("hall", { max = "10" })`:             `max: cannot read "10" as a size: write a number with a unit, such as "10MB" or "64KiB"`,
		`lamps.describe("hall", { level = 0 })`:              `level is 0: it must be at least 1`,
		`lamps.describe("hall", { level = 10 })`:             `level is 10: it must be at most 9`,
		`lamps.describe("hall", { level = 1.5 })`:            `level is 1.5: it must be a whole number`,
		`lamps.describe("hall", { level = 0/0 })`:            `level is NaN: it must be a whole number`,
		`lamps.describe("hall", { level = 1/0 })`:            `level is +Inf: it must be a whole number`,
		`lamps.describe("hall", { level = "3" })`:            `level must be a number, not the string "3"`,
		`lamps.describe("hall", { ratio = 0/0 })`:            `ratio is NaN: it must be a finite number`,
		`lamps.describe("hall", { ratio = 2 })`:              `ratio is 2: it must be at most 1`,
		`lamps.describe("hall", { loud = "yes" })`:           `loud must be a boolean, not the string "yes"`,
		`lamps.describe("hall", { mood = "agry" })`:          `mood is "agry", did you mean "angry"?: it must be one of calm, angry, asleep`,
		`lamps.describe("hall", { mood = "" })`:              `mood is "": it must be one of calm, angry, asleep`,
		`lamps.describe(("x"):rep(100), { mood = "sunny" })`: `mood is "sunny": it must be one of calm, angry, asleep`,
		`lamps.describe("hall", ("x"):rep(100))`:             `options must be a table such as { grace = ... }, not the string "` + strings.Repeat("x", 40) + `"...`,
		`lamps.shout("hey")`:                                 `this primitive was removed`,
	} {
		err := raised(t, line, h.module())
		if err.Message != want {
			t.Errorf("%s\n got %s\nwant %s", line, err.Message, want)
		}
		if err.Kind != runtime.Invalid {
			t.Errorf("%s: kind %s", line, err.Kind)
		}
		if op := "lamps." + strings.FieldsFunc(line, func(r rune) bool { return r == '.' || r == ':' || r == '(' })[1]; err.Op != op {
			t.Errorf("%s: op %q, want %q", line, err.Op, op)
		}
		if err.Where != "test.lua:1" {
			t.Errorf("%s: where %q", line, err.Where)
		}
	}
}

// rule is a nested table with a default within.
type rule struct {
	Signal string        `lua:"signal"`
	Grace  time.Duration `lua:"grace,opt" default:"10s"`
	Next   *rule         `lua:"next,opt"`
}

type nestedArgs struct {
	Rule  rule              `lua:"rule"`
	Names []string          `lua:"names,opt"`
	Rules []rule            `lua:"rules,opt"`
	Env   map[string]string `lua:"env,opt"`
	Umask *int              `lua:"umask,opt" min:"1" max:"511"`
	Deep  [][]int           `lua:"deep,opt"`
	Bytes []byte            `lua:"bytes,opt"`
	Small uint8             `lua:"small,opt"`
	When  time.Time         `lua:"when,opt"`
}

func nested() runtime.Module {
	return probe(func(a nestedArgs) string {
		var b strings.Builder
		b.WriteString(a.Rule.Signal + " " + a.Rule.Grace.String())
		if a.Rule.Next != nil {
			b.WriteString(" next " + a.Rule.Next.Signal + " " + a.Rule.Next.Grace.String())
		}
		b.WriteString(" [" + strings.Join(a.Names, ",") + "]")
		return b.String()
	})
}

func TestNestedTables(t *testing.T) {
	for line, want := range map[string]string{
		`probe.take({ signal = "TERM" })`:                                              "TERM 10s []",
		`probe.take({ signal = "TERM", grace = "1s" }, { names = { "a", "b" } })`:      "TERM 1s [a,b]",
		`probe.take({ signal = "A", next = { signal = "B" } })`:                        "A 10s next B 10s []",
		`probe.take({ signal = "A" }, { umask = 511, small = 255, bytes = "\0\255" })`: "A 10s []",
		`probe.take({ signal = "A" }, { names = {}, rules = {}, env = {} })`:           "A 10s []",
	} {
		got := runtimetest.Run(t, runtimetest.Case{Text: "return " + line, Modules: []runtime.Module{nested()}}).Value(t)
		if got != want {
			t.Errorf("%s = %q, want %q", line, got, want)
		}
	}
}

func TestNestedErrors(t *testing.T) {
	deep := `local t = {}; t.signal = "A"; t.next = t; `
	for line, want := range map[string]string{
		`probe.take()`:                          `rule is missing: it must be a table`,
		`probe.take({})`:                        `rule.signal is missing`,
		`probe.take({ signal = 1 })`:            `rule.signal must be a string, not the number 1`,
		`probe.take({ signal = "A", nxt = 1 })`: `unknown key "nxt" in rule, did you mean "next"?`,
		`probe.take({ signal = "A", next = { signal = "B", grace = 1 } })`:              `rule.next.grace must be a duration with a unit, such as "5s", not the number 1`,
		`probe.take({ signal = "A" }, { names = "a" })`:                                 `names must be a list, not the string "a"`,
		`probe.take({ signal = "A" }, { names = { "a", nil, "c" } })`:                   `names[2] is missing: it must be a string`,
		`probe.take({ signal = "A" }, { names = { "a", x = 1 } })`:                      `names must be a list, but has the key "x"`,
		`probe.take({ signal = "A" }, { names = { "a", [5] = "b" } })`:                  `names[2] is missing: it must be a string`,
		`probe.take({ signal = "A" }, { names = { [0] = "b" } })`:                       `names must be a list, but has the key 0`,
		`probe.take({ signal = "A" }, { names = { "a", [1.5] = "b" } })`:                `names must be a list, but has the key 1.5`,
		`probe.take({ signal = "A" }, { names = { "a", 2 } })`:                          `names[2] must be a string, not the number 2`,
		`probe.take({ signal = "A" }, { rules = { { signal = "A" }, { sgnal = 1 } } })`: `unknown key "sgnal" in rules[2], did you mean "signal"?`,
		`probe.take({ signal = "A" }, { env = { A = 1 } })`:                             `env.A must be a string, not the number 1`,
		`probe.take({ signal = "A" }, { env = { "A" } })`:                               `env has the key 1: keys must be strings`,
		`probe.take({ signal = "A" }, { umask = 512 })`:                                 `umask is 512: it must be at most 511`,
		`probe.take({ signal = "A" }, { umask = 0 })`:                                   `umask is 0: it must be at least 1`,
		`probe.take({ signal = "A" }, { small = 256 })`:                                 `small is 256: out of range`,
		`probe.take({ signal = "A" }, { small = -1 })`:                                  `small is -1: out of range`,
		`probe.take({ signal = "A" }, { deep = { { 1 }, { "x" } } })`:                   `deep[2][1] must be a number, not the string "x"`,
		`probe.take({ signal = "A" }, { when = "now" })`:                                `when must be a time in seconds since 1970, not the string "now"`,
		`probe.take({ signal = "A" }, { when = 0/0 })`:                                  `when is NaN: it must be a time in seconds since 1970`,
		`probe.take({ signal = "A" }, { when = 1e300 })`:                                `when is 1e+300: it must be a time in seconds since 1970`,
		deep + `probe.take(t)`:                                                          `rule.next.next.next.next nests deeper than 200 tables (does it contain itself?)`,
	} {
		if err := raised(t, line, nested()); err.Message != want || err.Kind != runtime.Invalid {
			t.Errorf("%s\n got %s: %s\nwant %s", line, err.Kind, err.Message, want)
		}
	}
}

// TestOpenData: an argument of type any takes what is data, and nothing else.
func TestOpenData(t *testing.T) {
	mod := probe(func(a struct {
		Value any `lua:"value"`
	}) any {
		return a.Value
	})
	for line, want := range map[string]string{
		`probe.take(print)`:                                              `value is a function: only data can be passed here`,
		`probe.take({ a = { b = print } })`:                              `value.a.b is a function: only data can be passed here`,
		`probe.take({ 1, { print } })`:                                   `value[2][1] is a function: only data can be passed here`,
		`probe.take(coroutine.create(print))`:                            `value is a thread: only data can be passed here`,
		`probe.take({ 1, 2, x = 3 })`:                                    `value has both items and other keys: a table must be a list or have string keys`,
		`probe.take({ [1.5] = 3 })`:                                      `value has the key 1.5: a table must be a list or have string keys`,
		`local t = {}; t.t = t; probe.take(t)`:                           `value.t.t.t.t nests deeper than 200 tables (does it contain itself?)`,
		`local t = {}; t[1] = t; probe.take(t)`:                          `value[1][1][1][1] nests deeper than 200 tables (does it contain itself?)`,
		`local t = {}; for i = 1, 60 do t = { t, t } end; probe.take(t)`: `value holds more than 1000000 values`,
	} {
		if err := raised(t, line, mod); err.Message != want || err.Kind != runtime.Invalid {
			t.Errorf("%s\n got %s: %s\nwant %s", line, err.Kind, err.Message, want)
		}
	}
}

// TestReadOnlyData: a view that the runtime made is data as any other table is.
func TestReadOnlyData(t *testing.T) {
	rep := runtimetest.Run(t, runtimetest.Case{
		Text: `
			local runbook = require("runbook")
			return runbook.define({ name = "x", summary = "x", risk = "safe", needs = {},
				params = { { name = "who", type = "string", doc = "who" } },
				run = function(run) return probe.take(run.params) end })`,
		Library: map[string]string{"runbook": `return { define = function(h) return h end }`},
		Params:  map[string]any{"who": "me"},
		Modules: []runtime.Module{probe(func(a struct {
			Value any `lua:"value"`
		}) any {
			return a.Value
		})},
	})
	if got, _ := rep.Value(t).(map[string]any); got["who"] != "me" {
		t.Errorf("the parameters as data are %v", rep.Result.Value)
	}
}
