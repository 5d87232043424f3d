package runtime_test

import (
	"context"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/cortexlua/cortexlua/runtime"
	"github.com/cortexlua/cortexlua/runtime/runtimetest"
)

// give is a module "json", which therefore has json.null: give returns v, echo
// its argument.
func give[R any](v R) runtime.Module {
	return runtime.Module{Name: "json", Doc: "Gives.", Funcs: []runtime.Func{
		runtime.Query("give", "Gives.", func(context.Context, *runtime.Call, struct{}) (R, error) { return v, nil }),
		runtime.Query("echo", "Echoes.", func(_ context.Context, _ *runtime.Call, a struct {
			Value any `lua:"value"`
		}) (any, error) {
			return a.Value, nil
		}),
	}}
}

// show prints a value with sorted keys, so that a table is one line of text.
const show = `
local function show(v)
	if type(v) ~= "table" then return type(v) == "string" and string.format("%q", v) or tostring(v) end
	local keys, out = {}, {}
	for k in pairs(v) do keys[#keys + 1] = k end
	table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
	for _, k in ipairs(keys) do out[#out + 1] = tostring(k) .. "=" .. show(v[k]) end
	return "{" .. table.concat(out, " ") .. "}"
end
`

type sheet struct {
	Name    string            `lua:"name"`
	Took    time.Duration     `lua:"took"`
	At      time.Time         `lua:"at"`
	Size    runtime.Size      `lua:"size"`
	PID     int               `lua:"pid,opt"`
	On      bool              `lua:"on,opt"`
	Note    *string           `lua:"note"`
	List    []string          `lua:"list"`
	Env     map[string]string `lua:"env"`
	Any     any               `lua:"any"`
	Hidden  string            `lua:"-"`
	PIDFile string
	private string
}

func TestEncoding(t *testing.T) {
	_ = sheet{private: "unused"}.private
	text := "x"
	huge, _ := new(big.Int).SetString("123456789012345678901234567890", 10)
	for name, c := range map[string]struct {
		mod  runtime.Module
		want string
	}{
		"nothing":      {give(runtime.None{}), `nil`},
		"nil pointer":  {give[*sheet](nil), `nil`},
		"nil map":      {give[map[string]string](nil), `nil`},
		"nil any":      {give[any](nil), `nil`},
		"nil list":     {give[[]string](nil), `{}`},
		"zero struct":  {give(sheet{}), `{list={} name="" on=false pid_file="" size=0 took=0}`},
		"full struct":  {give(sheet{Name: "n", Took: 1500 * time.Millisecond, At: time.Unix(10, 250e6), Size: 7, PID: 3, On: true, Note: &text, List: []string{"a"}, Env: map[string]string{"k": "v"}, Any: 1.5, PIDFile: "p", Hidden: "h"}), `{any=1.5 at=10.25 env={k="v"} list={1="a"} name="n" note="x" on=true pid=3 pid_file="p" size=7 took=1.5}`},
		"bytes":        {give([]byte("a\x00b")), "\"a\\000b\""},
		"far time":     {give(time.Unix(1e11, 0)), `100000000000`},
		"early time":   {give(time.Unix(-1e10, 5e8)), `-9999999999.5`},
		"2^53":         {give(int64(1 << 53)), `9.007199254741e+15`},
		"2^53+1":       {give(int64(1<<53 + 1)), `"9007199254740993"`},
		"-2^53-1":      {give(int64(-1<<53 - 1)), `"-9007199254740993"`},
		"max uint64":   {give(uint64(math.MaxUint64)), `"18446744073709551615"`},
		"any int64":    {give[any](int64(math.MaxInt64)), `"9223372036854775807"`},
		"any uint64":   {give[any](map[string]any{"n": uint64(math.MaxUint64)}), `{n="18446744073709551615"}`},
		"big":          {give[any](huge), `"123456789012345678901234567890"`},
		"list of any":  {give[any]([]any{1.0, nil, "x"}), `{1=1 2=null 3="x"}`},
		"deep nulls":   {give[any](map[string]any{"a": nil, "b": []any{nil}}), `{a=null b={1=null}}`},
		"typed any":    {give(map[string]any{"a": nil}), `{a=null}`},
		"list of list": {give([][]int{{1, 2}, {}}), `{1={1=1 2=2} 2={}}`},
		"null":         {give[any](runtime.Null{}), `null`},
		"struct list":  {give([]litResult{{true}, {false}}), `{1={lit=true} 2={lit=false}}`},
		"nil in list":  {give([]*litResult{{true}, nil, {true}}), `{1={lit=true} 2=null 3={lit=true}}`},
	} {
		t.Run(name, func(t *testing.T) {
			rep := runtimetest.Run(t, runtimetest.Case{Text: show + `return show(json.give())`, Modules: []runtime.Module{c.mod}})
			if got := rep.Value(t); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestKeysAreInOrder: a table made from a map is walked in the order of its keys,
// always: plans and records must not differ from run to run.
func TestKeysAreInOrder(t *testing.T) {
	m, keys := map[string]any{}, []string{}
	for c := 'a'; c <= 'z'; c++ {
		m[string(c)] = float64(c)
		keys = append(keys, string(c))
	}
	text := `local out = {} for k in pairs(json.give()) do out[#out + 1] = k end return table.concat(out, " ")`
	for range 5 {
		got := runtimetest.Run(t, runtimetest.Case{Text: text, Modules: []runtime.Module{give(m)}}).Value(t)
		if got != strings.Join(keys, " ") {
			t.Fatalf("the keys came as %v", got)
		}
	}
}

// TestRoundTrip: what Lua was given goes back as it was: an empty list stays a
// list, a null stays a null.
func TestRoundTrip(t *testing.T) {
	for name, v := range map[string]any{
		"empty list":      []any{},
		"empty table":     map[string]any{},
		"nested empties":  map[string]any{"l": []any{}, "m": map[string]any{}},
		"list with nulls": []any{1.0, runtime.Null{}, 3.0},
		"trailing null":   []any{1.0, runtime.Null{}},
		"null":            runtime.Null{},
	} {
		got := runtimetest.Run(t, runtimetest.Case{Text: `return json.echo(json.give())`, Modules: []runtime.Module{give(v)}}).Value(t)
		if !equal(got, v) {
			t.Errorf("%s: %#v came back as %#v", name, v, got)
		}
	}
	rep := runtimetest.Run(t, runtimetest.Case{Modules: []runtime.Module{give[any]([]any{})}, Text: `
		local l = json.give()
		l[1] = "x"
		assert(json.null == json.null and json.null ~= nil and tostring(json.null) == "null")
		assert(getmetatable(json.null) == "null")
		return { l, json.null, {} }`})
	if got := rep.Value(t); !equal(got, []any{[]any{"x"}, runtime.Null{}, map[string]any{}}) {
		t.Errorf("got %#v", got)
	}
}

// equal compares plain data, where nil lists and empty ones differ from maps.
func equal(a, b any) bool {
	switch a := a.(type) {
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !equal(a[i], b[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for k := range a {
			if v, ok := b[k]; !ok || !equal(a[k], v) {
				return false
			}
		}
		return true
	}
	return a == b
}
