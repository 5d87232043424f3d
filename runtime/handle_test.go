package runtime_test

import (
	"testing"

	"github.com/cortexlua/cortexlua/runtime"
)

func TestHandle(t *testing.T) {
	got := run(t, `
		local l = lamps.find("hall")
		return {
			l.name, l.watts, tostring(l), type(l), getmetatable(l), l == lamps.find("hall"), l == lamps.find("attic"),
			tostring(l.note), tostring(l.Note), tostring(l.Smash), tostring(l.smash), tostring(l.state), tostring(l[1]), tostring(l[true]),
			tostring(l[{}]), l:lit(), l:set(true).lit, l:lit(), tostring(lamps.horn()),
		}`).Value(t)
	want := []any{
		"hall", 60.0, "lamp hall", "userdata", "lamp", true, false,
		"nil", "nil", "nil", "nil", "nil", "nil", "nil",
		"nil", false, true, true, "horn",
	}
	if !equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// TestForgedHandles: a handle comes from its primitive and from nowhere else.
func TestForgedHandles(t *testing.T) {
	for line, want := range map[string]string{
		`lamps.lit({ name = "hall" })`:                                 `lamps.lit: lamp must be a lamp, not a table`,
		`lamps.lit("hall")`:                                            `lamps.lit: lamp must be a lamp, not the string "hall"`,
		`lamps.lit(lamps.horn())`:                                      `lamps.lit: lamp must be a lamp, not a horn`,
		`lamps.lit(lamps.find)`:                                        `lamps.lit: lamp must be a lamp, not a function`,
		`lamps.lit()`:                                                  `lamps.lit: lamp is missing: it must be a lamp`,
		`lamps.find("hall").lit({ name = "hall" })`:                    `lamps.lit: lamp must be a lamp, not a table`,
		`lamps.find("hall").lit(lamps.horn())`:                         `lamps.lit: lamp must be a lamp, not a horn`,
		`local l = lamps.find("hall"); l.name = "attic"`:               `a lamp cannot be changed by assignment`,
		`local l = lamps.find("hall"); l.fresh = 1`:                    `a lamp cannot be changed by assignment`,
		`lamps.set = print`:                                            `test.lua:1: cannot set "set": the table is read-only`,
		`rawset(lamps, "set", print)`:                                  ``,
		`setmetatable(lamps.find("hall"), {})`:                         ``,
		`local l = lamps.find("hall"); l()`:                            ``,
		`return #lamps.find("hall")`:                                   ``,
		`return lamps.find("hall") .. "x"`:                             ``,
		`return lamps.find("hall") + 1`:                                ``,
		`for k in pairs(lamps.find("hall")) do print(k) end`:           ``,
		`rawget(lamps.find("hall"), "state")`:                          ``,
		`getmetatable(lamps.find("hall")).__index = print`:             ``,
		`setmetatable(lamps, { __index = { find = function() end } })`: ``,
	} {
		err := raised(t, line, newHouse().module())
		if want != "" && err.Error() != want {
			t.Errorf("%s\n got %s\nwant %s", line, err, want)
		}
		if err.Kind == runtime.Internal {
			t.Errorf("%s: %s\n%s", line, err, err.Trace)
		}
	}
}
