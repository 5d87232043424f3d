package runtime_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/cortexlua/cortexlua/runtime"
	"github.com/cortexlua/cortexlua/runtime/runtimetest"
)

// inspect looks at a script with the sample module and a library.
func inspect(t *testing.T, text string, library map[string]string) runtime.Inspection {
	t.Helper()
	in, err := runtime.Inspect(runtime.Source{Path: "test.lua", Text: []byte(text)}, runtime.Options{
		Modules: []runtime.Module{newHouse().module()},
		Library: func(name string) (runtime.Source, error) {
			text, ok := library[name]
			if !ok {
				return runtime.Source{}, runtime.Errorf(runtime.NotFound, "no module %q", name)
			}
			return runtime.Source{Path: name + ".lua", Text: []byte(text)}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// used writes uses as "find@test.lua:1,test.lua:2", a "?" for those that are not sure.
func used(in runtime.Inspection) string {
	var out []string
	for _, u := range in.Uses {
		sure := map[bool]string{true: "?", false: "@"}[u.Maybe]
		out = append(out, strings.TrimPrefix(u.Name, "lamps.")+sure+strings.Join(u.Places, ","))
	}
	return strings.Join(out, " ")
}

func TestInspectFindsPrimitives(t *testing.T) {
	for text, want := range map[string]string{
		``:                                                       "",
		`local x = 1 -- lamps.find("x")`:                         "",
		`print("lamps.find")`:                                    "",
		`lamps.find("x")`:                                        "find@test.lua:1",
		`lamps["find"]("x")`:                                     "find@test.lua:1",
		"lamps.find('x')\nlamps.find('y')":                       "find@test.lua:1,test.lua:2",
		`local l = lamps; l.find("x")`:                           "find@test.lua:1",
		`local f = lamps.find`:                                   "find@test.lua:1",
		`pcall(lamps.find, "x")`:                                 "find@test.lua:1",
		`local lamps = {}; lamps.find()`:                         "",
		`local function f(lamps) lamps.find() end`:               "",
		`for lamps in pairs({}) do lamps.find() end`:             "",
		`local x; if x then while x do lamps.find() end end`:     "find@test.lua:1",
		`repeat local y = 1 until lamps.find(y)`:                 "find@test.lua:1",
		`return { run = function() return lamps.find("x") end }`: "find@test.lua:1",
		"#!/usr/bin/env cortexlua\nlamps.log()":                  "log@test.lua:2",
		// Functions that nothing calls do not count; those that are called do.
		"local function f() lamps.find() end":                                   "",
		"local function f() lamps.find() end\nf()":                              "find@test.lua:1",
		"local function f() lamps.find() end\nlocal g = f":                      "find@test.lua:1",
		"local f, g\nfunction f() lamps.find() end":                             "find@test.lua:2",
		"local M = {}\nfunction M.a() lamps.find() end\nM.a()":                  "find@test.lua:2",
		"local M = {}\nM.a = function() lamps.find() end\nM['a']()":             "find@test.lua:2",
		"local M = {}\nfunction M.a() lamps.find() end\nprint(M)":               "find@test.lua:2",
		"local M = {}\nfunction M.a() lamps.find() end\nlocal k = {}; k[1] = 2": "",
		// A method of a handle may be any primitive of that name.
		`local x = ...; x:set(true)`: "set?test.lua:1",
		`("x"):rep(3)`:               "",
	} {
		if got := used(inspect(t, text, nil)); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
	if got := used(inspect(t, `print(lamps)`, nil)); strings.Count(got, "?") < 5 {
		t.Errorf("a module that is passed around may be used in any way: %s", got)
	}
	if got := used(inspect(t, `local k = "find"; lamps[k]("x")`, nil)); strings.Count(got, "?") < 5 {
		t.Errorf("a key that is computed may be any: %s", got)
	}
}

func TestInspectFollowsModules(t *testing.T) {
	library := map[string]string{
		"house": "local deep = require('deep')\nlocal M = {}\nlocal function both(x) lamps.lit(x) end\nfunction M.light(x) both(x) end\nfunction M.burn(x) lamps.burn(x) end\nfunction M.deep() deep.write() end\nreturn M",
		"deep":  "local M = {}\nfunction M.write() lamps.write('x') end\nfunction M.log() lamps.log() end\nreturn M",
		"other": "return { go = function() lamps.log() end }",
		"loud":  "lamps.log()\nreturn {}",
		"one":   "local two = require('two')\nreturn {}",
		"two":   "local one = require('one')\nreturn {}",
		"bad":   "local = ",
	}
	for text, want := range map[string]string{
		`local h = require("house")`:                                        "",
		`local h = require("house"); h.light(1)`:                            "lit@house.lua:3",
		`local h = require("house"); h.burn(1)`:                             "burn@house.lua:5",
		`require("house").burn(1)`:                                          "burn@house.lua:5",
		`local h = require("house"); h.deep()`:                              "write@deep.lua:2",
		`local h = require("house"); pcall(h.deep)`:                         "write@deep.lua:2",
		`local h = require("house"); local k; h[k]()`:                       "burn@house.lua:5 lit@house.lua:3 write@deep.lua:2",
		`local h = require("house"); print(h)`:                              "burn@house.lua:5 lit@house.lua:3 write@deep.lua:2",
		`local h = require("house"); h.none()`:                              "burn@house.lua:5 lit@house.lua:3 write@deep.lua:2",
		`local o = require("other")`:                                        "log@other.lua:1",
		`require("loud")`:                                                   "log@loud.lua:1",
		`local o = require("one")`:                                          "",
		`local function f() local h = require("house"); h.light() end; f()`: "lit@house.lua:3",
	} {
		in := inspect(t, text, library)
		if got := used(in); got != want || len(in.Unclear) > 0 {
			t.Errorf("%s\n got %s %v\nwant %s", text, got, in.Unclear, want)
		}
	}
	in := inspect(t, `local h = require("house")`, library)
	if got := fmt.Sprint(in.Requires); got != "[{deep deep.lua house.lua <nil>} {house house.lua test.lua <nil>}]" {
		t.Errorf("requires %s", got)
	}
	for _, text := range []string{`require("bad")`, `require("none")`, `local n = "a"; require(n)`, `pcall(require, "house")`, `_G.lamps.find()`, `lamps.nothing()`} {
		in := inspect(t, text, library)
		if len(in.Unclear) != 1 || !strings.HasPrefix(in.Unclear[0], "test.lua:1: ") {
			t.Errorf("%s: unclear is %v", text, in.Unclear)
		}
		if got := in.Unused([]runtime.Permission{runtime.FSWrite}); got != nil {
			t.Errorf("%s: something is said to be unused: %v", text, got)
		}
	}
}

func TestInspectRefusesWhatDoesNotParse(t *testing.T) {
	for _, text := range []string{"local = 1", strings.Repeat("(", 100000), "\x1bLua"} {
		if _, err := runtime.Inspect(runtime.Source{Path: "x.lua", Text: []byte(text)}, runtime.Options{}); err == nil {
			t.Errorf("%.20q is accepted", text)
		}
	}
}

func TestInspectFindings(t *testing.T) {
	in := inspect(t, "local x = lamps.find('x')\nx:set(true)\nlamps.log()", nil)
	asked := []runtime.Permission{runtime.ProcessRead, runtime.NetDial, runtime.FSWrite.In("logs"), runtime.FSWrite.In("state"), runtime.ProcessSignal}
	if got, want := in.Unused(asked), []runtime.Permission{runtime.NetDial, runtime.FSWrite.In("state")}; !reflect.DeepEqual(got, want) {
		t.Errorf("unused are %v, want %v", got, want)
	}
	lacks := in.Lacking([]runtime.Permission{runtime.FSWrite.In("state")})
	var got []string
	for _, l := range lacks {
		got = append(got, l.Use.Name+" "+string(l.Permission))
	}
	if want := "[lamps.find process.read lamps.log fs.write:logs]"; fmt.Sprint(got) != want {
		t.Errorf("lacking are %v, want %s", got, want)
	}
	if lacks := in.Lacking(runtime.Everything()); len(lacks) > 0 {
		t.Errorf("with everything it lacks %v", lacks)
	}
}

func TestAllows(t *testing.T) {
	logs, state := runtime.FSWrite.In("logs"), runtime.FSWrite.In("state")
	all := runtime.Everything()
	for name, c := range map[string]struct {
		layers []runtime.Layer
		ask    runtime.Permission
		want   string // left, except, cuts
	}{
		"nothing":         {nil, logs, "[] [] []"},
		"whole":           {[]runtime.Layer{{Name: "a", Allow: all}}, runtime.FSWrite, "[fs.write] [] []"},
		"denied":          {[]runtime.Layer{{Name: "a", Allow: all, Deny: permissions{runtime.FSWrite}}}, logs, "[] [] [a]"},
		"a scope denied":  {[]runtime.Layer{{Name: "a", Allow: all, Deny: permissions{logs}}}, runtime.FSWrite, "[fs.write] [fs.write:logs] [a]"},
		"only a scope":    {[]runtime.Layer{{Name: "a", Allow: permissions{logs, state}}}, runtime.FSWrite, "[fs.write:logs fs.write:state] [] [a]"},
		"then none":       {[]runtime.Layer{{Name: "a", Allow: permissions{logs}}, {Name: "b", Allow: permissions{state}}}, runtime.FSWrite, "[] [] [a b]"},
		"other scope":     {[]runtime.Layer{{Name: "a", Allow: permissions{state}}}, logs, "[] [] [a]"},
		"allowed, denied": {[]runtime.Layer{{Name: "a", Allow: permissions{logs, state}, Deny: permissions{logs}}}, runtime.FSWrite, "[fs.write:state] [] [a]"},
	} {
		a := runtime.Grant{Layers: c.layers}.Allows(c.ask)
		cuts := []string{}
		for _, l := range a.Cuts {
			cuts = append(cuts, l.Name)
		}
		if got := fmt.Sprint(a.Left, a.Except, cuts); got != c.want || a.Whole() != (len(cuts) == 0) {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

func TestScopesAreWhereTheyMean(t *testing.T) {
	for text, want := range map[string]string{
		"git.read:x": "has no scopes", "host.read:disk": "has no scopes", "fs.write: logs": "names no scope", "fs.write:": "names no scope",
		"net.dial:*.example.org": "wildcard", "fs.write:*": "wildcard", "process.spawn:./a.sh": "", "net.dial:::1": "",
	} {
		_, err := runtime.ParsePermission(text)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	for p, want := range map[runtime.Permission]string{
		"fs.write": "change files", "fs.write:logs": "change files below the root logs", "process.spawn:git": "start the program git", "x": "x",
	} {
		if got := p.Describe(); got != want {
			t.Errorf("%s is described as %q", p, got)
		}
	}
}

// TestUndeclaredPermission: a primitive that asks for what its declaration does not
// name has a defect, and is told so before it can act.
func TestUndeclaredPermission(t *testing.T) {
	ask := func(_ ctx, c *runtime.Call, _ struct{}) (bool, error) {
		return true, c.Require(runtime.NetDial.In("x"))
	}
	for name, f := range map[string]runtime.Func{
		"internal": runtime.Query("ask", "Asks.", ask, runtime.FSRead),
		"needs":    runtime.Query("ask", "Asks.", ask, runtime.NetDial),
		"may need": runtime.Query("ask", "Asks.", ask).MayNeed(runtime.NetDial),
	} {
		rep := runtimetest.Run(t, runtimetest.Case{Text: `m.ask()`, Modules: []runtime.Module{{Name: "m", Doc: "M.", Funcs: []runtime.Func{f}}}})
		if (rep.Err != nil) != (name == "internal") || rep.Err != nil && rep.Err.Kind != runtime.Internal {
			t.Errorf("%s: %v", name, rep.Err)
		}
		if page := f.Manual("m"); name == "may need" && !strings.Contains(page, "Needs: nothing; by its arguments also net.dial") {
			t.Errorf("the manual does not tell: %s", page)
		}
	}
}

// TestPolicyLayers: the policy stands between the header and the operator, and the
// first that refuses is named.
func TestPolicyLayers(t *testing.T) {
	text := header(`needs = { "process.read" }`, `function() return lamps.find("hall").name end`)
	policy := runtime.Layer{Name: "the policy p.lua", Remedy: `add "%s" to allow in p.lua`, Allow: permissions{}}
	rb, err := runtime.Load(t.Context(), runtime.Source{Path: "x.lua", Text: []byte(text)}, runtime.Options{
		Modules: []runtime.Module{newHouse().module()},
		Library: func(name string) (runtime.Source, error) {
			return runtime.Source{Path: name, Text: []byte(library[name])}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	res := rb.Run(t.Context(), runtime.Order{Params: map[string]any{}, Policy: []runtime.Layer{policy}, Operator: runtime.Layer{Name: "the operator"}})
	want := "lamps.find: permission process.read is not granted by the policy p.lua\n  next: to allow it, add \"process.read\" to allow in p.lua"
	if res.Err == nil || res.Err.Error() != want {
		t.Errorf("got %v\nwant %s", res.Err, want)
	}
}
