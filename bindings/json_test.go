package bindings

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/cortexlua/cortexlua/runtime"
)

func TestJSONDecodeAndEncode(t *testing.T) {
	h, _ := newHost(t, "", emptyRegistry)
	for script, want := range map[string]any{
		`return json.decode('{"a":[1,2.5,null,true]}').a[2]`:                2.5,
		`return json.decode('{"a":null}').a == json.null`:                   true,
		`return json.decode('null')`:                                        nil,
		`return json.decode('9007199254740993')`:                            "9007199254740993",
		`return json.decode('123456789012345678901')`:                       "123456789012345678901",
		`return json.encode({ b = { 1, 2.5, json.null }, a = "x\n<é>" })`:   `{"a":"x\n<é>","b":[1,2.5,null]}`,
		`return json.encode({})`:                                            `{}`,
		`return json.encode(json.decode("[]"))`:                             `[]`,
		`return json.encode(json.decode('{"a":[],"b":{},"c":[[null]]}'))`:   `{"a":[],"b":{},"c":[[null]]}`,
		`return json.encode(nil)`:                                           `null`,
		`return json.encode({ a = { 1 } }, { indent = 2 })`:                 "{\n  \"a\": [\n    1\n  ]\n}",
		`return json.encode(1e15) .. json.encode(0.1) .. json.encode(-0.5)`: `10000000000000000.1-0.5`,
	} {
		if got := value(t, run(t, h, script)); !reflect.DeepEqual(got, want) {
			t.Errorf("%s = %#v, want %#v", script, got, want)
		}
	}
}

func TestJSONRefuses(t *testing.T) {
	h, _ := newHost(t, "", emptyRegistry)
	for script, want := range map[string]string{
		`json.decode('{"a": tru}')`:                        `cannot decode the text as JSON: line 1, column 10`,
		`json.decode('[1, 2')`:                             `cut off`,
		`json.decode('')`:                                  `the text is empty`,
		`json.decode('1 2')`:                               `more text`,
		`json.decode('"\255"')`:                            `not valid UTF-8`,
		`json.decode(12)`:                                  `text must be a string`,
		`json.encode("\255")`:                              `not valid UTF-8`,
		`json.encode(0/0)`:                                 `NaN`,
		`json.encode({ a = { 1 / 0 } })`:                   `.a[0] is +Inf`,
		`json.encode(print)`:                               `only data`,
		`json.encode({ 1, a = 2 })`:                        `value has both items and other keys`,
		`local t = {} t.t = t json.encode(t)`:              `nests deeper`,
		`json.encode({}, { indent = 99 })`:                 `at most 8`,
		`json.query({}, ".[")`:                             `is not valid`,
		`json.query(1, ".[]")`:                             `cannot iterate over: number (1)`,
		`json.query(1, 'error("mine")')`:                   `mine`,
		`json.query(1, "$x")`:                              `variable not defined: $x`,
		`json.query(1, "input")`:                           `not allowed`,
		`json.query_all(1, "range(1000000)")`:              `more than 100000 results`,
		`json.query({ a = 1 }, ".a", { var = { x = 1 } })`: `did you mean "vars"`,
		`json.query(1, 'import "x" as x; .')`:              `cannot load module`,
	} {
		err := fails(t, run(t, h, script), runtime.Invalid)
		if !strings.Contains(err.Message, want) {
			t.Errorf("%s: %q, want %q in it", script, err.Message, want)
		}
	}
}

func TestJSONQuery(t *testing.T) {
	h, _ := newHost(t, "", emptyRegistry)
	for script, want := range map[string]any{
		`return json.query({ { n = 1 }, { n = 5 } }, "map(.n) | add")`:           6.0,
		`return json.query({ 1, 2, 3 }, ".[]")`:                                  1.0,
		`return json.query({ 1 }, "empty")`:                                      nil,
		`return json.query({}, ".a")`:                                            nil,
		`return #json.query_all({ 1, json.null, 3 }, ".[]")`:                     3.0,
		`return json.query_all({ json.null }, ".[]")[1] == json.null`:            true,
		`return json.query({ json.null, 1 }, "map(. == null)")[1]`:               true,
		`return #json.query_all(nil, "empty")`:                                   0.0,
		`return json.query(nil, "$a + $b", { vars = { a = 40, b = 2 } })`:        42.0,
		`return json.query(nil, "$a == null", { vars = { a = json.null } })`:     true,
		`return json.query(json.decode("9007199254740992"), ". + 1 | tostring")`: "9007199254740993",
		`return json.query(nil, "env | length")`:                                 0.0,
		`return json.encode(json.query({ b = 1, a = { c = {} } }, "."))`:         `{"a":{"c":{}},"b":1}`,
		`return json.query("text", "length")`:                                    4.0,
	} {
		if got := value(t, run(t, h, script)); !reflect.DeepEqual(got, want) {
			t.Errorf("%s = %#v, want %#v", script, got, want)
		}
	}
}

func TestJSONQueryEndsAtTheDeadline(t *testing.T) {
	h, _ := newHost(t, "", emptyRegistry)
	fails(t, run(t, h, `
		run:step("ask for ever", { timeout = "50ms" }, function()
			json.query(nil, "def f: f; f")
		end)
	`), runtime.Timeout)
}

func TestJSONQueryFile(t *testing.T) {
	h, home := newHost(t, "", `return { roots = { queue = "coordination" }, daemons = {} }`)
	put(t, home+"/coordination/queue.json", `{"tasks":[{"status":"assigned"},{"status":"done"}]}`)
	put(t, home+"/coordination/cut.json", `{"tasks":[`)
	put(t, home+"/coordination/bare.json", `{"id":"t-1","status":"pending"}`)
	put(t, home+"/other.json", `1`)
	outside := filepath.Join(t.TempDir(), "secret.json")
	put(t, outside, `1`)
	must(t, os.Symlink(outside, home+"/coordination/link.json"))
	count := `".tasks | map(select(.status == $s)) | length", { vars = { s = "assigned" } }`
	read := runtime.FSRead.In("queue")

	if got := value(t, run(t, h, `return json.query_file("coordination/queue.json", `+count+`)`, read)); got != 1.0 {
		t.Errorf("got %v, want 1", got)
	}
	for _, c := range []struct {
		path string
		kind runtime.Kind
		text string
	}{
		{"coordination/none.json", runtime.NotFound, "none.json: no such file"},
		{"coordination/cut.json", runtime.Invalid, "cut.json as JSON: line 1, column 11"},
		{"coordination/bare.json", runtime.Invalid, "bare.json: the jq program"},
		{"coordination", runtime.Invalid, "a directory"},
		{"coordination/link.json", runtime.Denied, "leads out"},
		{outside, runtime.Denied, "outside the roots"},
		{"coordination/../../etc/passwd", runtime.Denied, "outside the roots"},
		{"other.json", runtime.Denied, "fs.read:home"},
		{"", runtime.Invalid, "empty"},
	} {
		err := fails(t, run(t, h, `json.query_file("`+c.path+`", `+count+`)`, read), c.kind)
		if !strings.Contains(err.Message, c.text) {
			t.Errorf("%s: %q, want %q in it", c.path, err.Message, c.text)
		}
	}
	fails(t, run(t, h, `json.query_file("other.json", ".")`), runtime.Denied)
}
