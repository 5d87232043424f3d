package runtime_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cortexlua/cortexlua/runtime"
	"github.com/cortexlua/cortexlua/runtime/runtimetest"
)

type permissions = []runtime.Permission

func TestGrant(t *testing.T) {
	logs, state := runtime.FSWrite.In("logs"), runtime.FSWrite.In("state")
	layer := func(name string, allow permissions, deny ...runtime.Permission) runtime.Layer {
		return runtime.Layer{Name: name, Remedy: "add %s", Allow: allow, Deny: deny}
	}
	for name, c := range map[string]struct {
		layers []runtime.Layer
		want   runtime.Permission
		denier string // "": granted; "nobody": no layer at all
	}{
		"zero grant":                  {nil, runtime.FSRead, "nobody"},
		"zero layer":                  {[]runtime.Layer{{Name: "a"}}, runtime.FSRead, "a"},
		"whole kind":                  {[]runtime.Layer{layer("a", permissions{runtime.FSWrite})}, runtime.FSWrite, ""},
		"scope of a whole kind":       {[]runtime.Layer{layer("a", permissions{runtime.FSWrite})}, logs, ""},
		"same scope":                  {[]runtime.Layer{layer("a", permissions{logs})}, logs, ""},
		"other scope":                 {[]runtime.Layer{layer("a", permissions{state})}, logs, "a"},
		"whole kind of a scope":       {[]runtime.Layer{layer("a", permissions{logs})}, runtime.FSWrite, "a"},
		"scope is not a prefix":       {[]runtime.Layer{layer("a", permissions{runtime.FSWrite.In("log")})}, logs, "a"},
		"other kind":                  {[]runtime.Layer{layer("a", permissions{runtime.FSRead})}, logs, "a"},
		"denied kind":                 {[]runtime.Layer{layer("a", runtime.Everything(), runtime.FSWrite)}, runtime.FSWrite, "a"},
		"scope of a denied kind":      {[]runtime.Layer{layer("a", permissions{logs}, runtime.FSWrite)}, logs, "a"},
		"denied scope":                {[]runtime.Layer{layer("a", permissions{runtime.FSWrite}, logs)}, logs, "a"},
		"beside a denied scope":       {[]runtime.Layer{layer("a", permissions{runtime.FSWrite}, logs)}, state, ""},
		"both layers":                 {[]runtime.Layer{layer("a", permissions{logs}), layer("b", permissions{runtime.FSWrite})}, logs, ""},
		"the second narrows":          {[]runtime.Layer{layer("a", permissions{runtime.FSWrite}), layer("b", permissions{logs})}, state, "b"},
		"the first is named":          {[]runtime.Layer{layer("a", nil), layer("b", nil)}, state, "a"},
		"a later layer cannot regain": {[]runtime.Layer{layer("a", nil), layer("b", runtime.Everything())}, state, "a"},
	} {
		err := runtime.Grant{Layers: c.layers}.Check(c.want)
		switch {
		case c.denier == "" && err != nil:
			t.Errorf("%s: denied: %v", name, err)
		case c.denier != "" && err == nil:
			t.Errorf("%s: granted", name)
		case c.denier == "nobody" && err.Error() != "permission fs.read is not granted: this script was given none":
			t.Errorf("%s: %v", name, err)
		case c.denier != "" && c.denier != "nobody" && !strings.HasPrefix(err.Error(), fmt.Sprintf("permission %s is not granted by %s", c.want, c.denier)):
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDenialText(t *testing.T) {
	l := runtime.Layer{Name: "the policy", Remedy: `add "%s" to allow in policy.lua`}
	err := runtime.Grant{Layers: []runtime.Layer{l}}.Check(runtime.FSWrite.In("logs")).(*runtime.Error)
	want := "permission fs.write:logs is not granted by the policy\n  next: to allow it, add \"fs.write:logs\" to allow in policy.lua"
	if err.Error() != want || err.Kind != runtime.Denied || err.Details["permission"] != "fs.write:logs" {
		t.Errorf("got %s (%s, %v)", err, err.Kind, err.Details)
	}
	l.Remedy = ""
	if err := (runtime.Grant{Layers: []runtime.Layer{l}}).Check(runtime.FSRead); err.(*runtime.Error).Hint != "" {
		t.Errorf("a layer without a remedy hints %q", err.(*runtime.Error).Hint)
	}
}

func TestParsePermission(t *testing.T) {
	for text, hint := range map[string]string{
		"fs.write": "", "fs.write:logs": "", "process.spawn:git": "",
		"fs.wirte": `, did you mean "fs.write"?`, "fs.wirte:logs": `, did you mean "fs.write"?`,
		"fs.write:": "none", "": "none", ":": "none", "fs": "none", "*": "none", "fs.*": "none",
	} {
		_, err := runtime.ParsePermission(text)
		if (err == nil) != (hint == "") {
			t.Errorf("%q: %v", text, err)
		} else if hint != "" && hint != "none" && !strings.Contains(err.Error(), hint) {
			t.Errorf("%q: no hint in %v", text, err)
		}
	}
	for _, p := range runtime.Everything() {
		if _, err := runtime.ParsePermission(string(p)); err != nil {
			t.Error(err)
		}
	}
	for _, p := range runtime.ReadOnly {
		if !strings.HasSuffix(string(p), ".read") || p == runtime.EnvRead {
			t.Errorf("%s counts as reading", p)
		}
	}
}

// calls is one correct call for every function of the sample module that needs a
// permission, with what it needs.
var calls = map[string]struct {
	line  string
	needs runtime.Permission
}{
	"find":  {`lamps.find("hall")`, runtime.ProcessRead},
	"lit":   {`lamps.lit(hall)`, runtime.ProcessRead},
	"set":   {`lamps.set(hall, true)`, runtime.ProcessSignal},
	"burn":  {`lamps.burn("hall")`, runtime.FSWrite},
	"write": {`lamps.write("logs")`, runtime.FSWrite},
	"log":   {`lamps.log()`, runtime.FSWrite.In("logs")},
}

// except is everything but a kind of permission.
func except(p runtime.Permission) permissions {
	kept := permissions{}
	for _, k := range runtime.Everything() {
		if k != p.Kind() {
			kept = append(kept, k)
		}
	}
	return kept
}

// TestEveryFunctionNeedsItsPermission takes each function's permission away, in
// every way there is, and looks that it is refused and that nothing was applied.
func TestEveryFunctionNeedsItsPermission(t *testing.T) {
	for name, call := range calls {
		kind := call.needs.Kind()
		for how, c := range map[string]runtimetest.Case{
			"not allowed":         {Allow: except(kind)},
			"nothing allowed":     {Allow: permissions{}},
			"denied":              {Deny: permissions{kind}},
			"denied though named": {Allow: append(except(kind), call.needs, kind.In("logs")), Deny: permissions{kind}},
			"dry run":             {Allow: except(kind), DryRun: true},
		} {
			h := newHouse()
			hall, _ := h.find(t.Context(), nil, nameArgs{"hall"})
			c.Modules = []runtime.Module{h.module(), {Name: "given", Funcs: []runtime.Func{
				runtime.Query("hall", "Gives a lamp.", func(_ ctx, _ *runtime.Call, _ struct{}) (lamp, error) { return hall, nil }),
			}}}
			c.Text = `local hall = given.hall(); ` + call.line
			err := runtimetest.Run(t, c).Failure(t, runtime.Denied)
			if err.Op != "lamps."+name {
				t.Errorf("%s: %s: refused by %q", name, how, err.Op)
			}
			if did := h.history(); len(did) > 0 {
				t.Errorf("%s: %s: it did %v", name, how, did)
			}
		}
	}
}

// TestDeclaredPermissions: the table above names every function that has needs.
func TestDeclaredPermissions(t *testing.T) {
	for _, f := range newHouse().module().Funcs {
		if _, ok := calls[f.Name()]; !ok && !strings.Contains(f.Manual("lamps"), "Needs: nothing") {
			t.Errorf("%s is in no test", f.Name())
		}
	}
}

// TestScopedNeeds: a declared need with a scope is not met by another scope, and
// a kind that was granted for one scope reaches no other.
func TestScopedNeeds(t *testing.T) {
	logs, state := runtime.FSWrite.In("logs"), runtime.FSWrite.In("state")
	for _, c := range []struct {
		line  string
		allow permissions
		deny  permissions
		done  bool
	}{
		{`lamps.log()`, permissions{logs}, nil, true},
		{`lamps.log()`, permissions{runtime.FSWrite}, nil, true},
		{`lamps.log()`, permissions{state}, nil, false},
		{`lamps.log()`, permissions{runtime.FSWrite}, permissions{logs}, false},
		{`lamps.log()`, permissions{runtime.FSWrite}, permissions{state}, true},
		{`lamps.write("logs")`, permissions{logs}, nil, true},
		{`lamps.write("logs")`, permissions{state}, nil, false},
		{`lamps.write("logs")`, permissions{runtime.FSWrite}, permissions{logs}, false},
		{`lamps.write("state")`, permissions{logs, state}, nil, true},
	} {
		h := newHouse()
		rep := runtimetest.Run(t, runtimetest.Case{Text: c.line, Modules: []runtime.Module{h.module()}, Allow: c.allow, Deny: c.deny})
		if c.done != (rep.Err == nil) || c.done != (len(h.history()) == 1) {
			t.Errorf("%s with %v less %v: %v, did %v", c.line, c.allow, c.deny, rep.Err, h.history())
		}
	}
}

// TestHeaderNarrows: what the header does not ask for is refused, whatever the
// operator allows, and the other way round.
func TestHeaderNarrows(t *testing.T) {
	body := `function(run) lamps.set(lamps.find("hall"), true) end`
	both := `{ "process.read", "process.signal" }`
	for name, c := range map[string]struct {
		needs string
		allow permissions
		want  string
	}{
		"both":      {both, permissions{runtime.ProcessRead, runtime.ProcessSignal}, ""},
		"header":    {`{ "process.read" }`, nil, "lamps.set: permission process.signal is not granted by the runbook's header\n  next: to allow it, add \"process.signal\" to needs in test.lua"},
		"no needs":  {`{}`, nil, "lamps.find: permission process.read is not granted by the runbook's header\n  next: to allow it, add \"process.read\" to needs in test.lua"},
		"operator":  {both, permissions{runtime.ProcessRead}, "lamps.set: permission process.signal is not granted by the test\n  next: to allow it, add \"process.signal\" to Allow"},
		"other one": {`{ "process.read", "process.signal:x" }`, permissions{runtime.ProcessRead, runtime.ProcessSignal}, ""},
	} {
		h := newHouse()
		rep := runtimetest.Run(t, runtimetest.Case{Text: header("needs = "+c.needs, body), Library: library, Modules: []runtime.Module{h.module()}, Allow: c.allow})
		got := ""
		if rep.Err != nil {
			got = rep.Err.Error()
		}
		if got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.want)
		}
	}
}

// TestLoadingCannotAct: neither a runbook's file nor a module does anything when
// it is loaded, by whatever way the call is made.
func TestLoadingCannotAct(t *testing.T) {
	const want = "a runbook may not act while it is loaded: call it inside run = function(run) ... end"
	for _, act := range []string{
		`lamps.burn("x")`,
		`pcall(lamps.burn, "x")`,
		`errors.try(lamps.burn, "x")`,
		`coroutine.wrap(function() lamps.burn("x") end)()`,
		`coroutine.wrap(function() pcall(lamps.burn, "x") end)()`,
		`parallel({ 1 }, function() lamps.burn("x") end, { on_error = "wait" })`,
		`setmetatable({}, { __index = function() lamps.burn("x") end }).y = nil; local _ = pcall(function() return setmetatable({}, { __index = function() lamps.burn("x") end }).y end)`,
		`table.sort({ 1, 2 }, function() pcall(lamps.burn, "x"); return false end)`,
	} {
		h := newHouse()
		mods := []runtime.Module{h.module()}
		if _, err := runtimetest.TryLoad(t, runtimetest.Case{Text: act + "\n" + header("", `function() end`), Library: library, Modules: mods}); err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s in a header's file: %v", act, err)
		}
		lib := map[string]string{"m": act + "\nreturn {}"}
		if rep := runtimetest.Run(t, runtimetest.Case{Text: `require("m")`, Library: lib, Modules: mods}); rep.Err != nil && !strings.Contains(rep.Err.Error(), want) {
			t.Errorf("%s in a module: %v", act, rep.Err)
		}
		if did := h.history(); len(did) > 0 {
			t.Errorf("%s: it did %v", act, did)
		}
	}
	lib := map[string]string{"m": `return { act = function() lamps.write("logs") end }`}
	h := newHouse()
	runtimetest.Run(t, runtimetest.Case{Text: `require("m").act()`, Library: lib, Modules: []runtime.Module{h.module()}}).Value(t)
	if len(h.history()) != 1 {
		t.Error("a module's function may act once it is loaded")
	}
}
