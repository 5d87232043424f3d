package runtime_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/cortexlua/cortexlua/runtime"
	"github.com/cortexlua/cortexlua/runtime/runtimetest"
)

func TestParseDuration(t *testing.T) {
	day := 24 * time.Hour
	for text, want := range map[string]time.Duration{
		"5s": 5 * time.Second, "1m30s": 90 * time.Second, "250ms": 250 * time.Millisecond, "0s": 0, "0": 0,
		"14d": 14 * day, "0d": 0, "1.5d": 36 * time.Hour, "1d12h": 36 * time.Hour, "1d0s": day, "36499d": 36499 * day,
		"": -1, "5": -1, "s": -1, "d": -1, "-5s": -1, "-1d": -1, "-0.5d1h": -1, "1d-1h": -1, "1d1": -1, "1d1d": -1, "5 s": -1, "5x": -1,
		"five": -1, "NaNd": -1, "Infd": -1, "99999d": -1, "36499d2562047h": -1, "1e400s": -1, "9999999h": -1,
	} {
		got, err := runtime.ParseDuration(text)
		if want < 0 && (err == nil || runtime.KindOf(err) != runtime.Invalid) || want >= 0 && (err != nil || got != want) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

func TestFormatDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 5 * time.Second: "5s", 90 * time.Second: "1m30s", 10 * time.Minute: "10m", time.Hour: "1h", time.Hour + time.Second: "1h0m1s",
		24 * time.Hour: "1d", 36 * time.Hour: "36h", 1500 * time.Millisecond: "1.5s", 20 * time.Minute: "20m", 100 * time.Hour: "100h",
	} {
		if got := runtime.FormatDuration(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestParseSize(t *testing.T) {
	for text, want := range map[string]runtime.Size{
		"10MB": 10e6, "64KiB": 64 << 10, "1.5GiB": 3 << 29, "512B": 512, "0B": 0, "1 KB": 1000, "1TB": 1e12, "1TiB": 1 << 40,
		"": -1, "10": -1, "MB": -1, "10mb": -1, "-1B": -1, "NaNMB": -1, "InfB": -1, "1e300TB": -1, "10M": -1, "1KBB": -1, "0x10B": -1,
	} {
		got, err := runtime.ParseSize(text)
		if want < 0 && err == nil || want >= 0 && (err != nil || got != want) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

func FuzzParseDuration(f *testing.F) {
	for _, s := range []string{"5s", "1d12h", "-1d", "NaNd", "1e9d", "36499d2562047h"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := runtime.ParseDuration(text)
		if err != nil {
			return
		}
		if d < 0 {
			t.Fatalf("%q is %v", text, d)
		}
		short := runtime.FormatDuration(d)
		if again, err := runtime.ParseDuration(short); again != d && d < 36500*24*time.Hour {
			t.Fatalf("%q is %v, which is written %q and read as %v, %v", text, d, short, again, err)
		}
	})
}

func FuzzParseSize(f *testing.F) {
	for _, s := range []string{"5B", "1.5GiB", "NaNMB", "-1KB"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if n, err := runtime.ParseSize(text); err == nil && (n < 0 || n > math.MaxInt64/2+1) {
			t.Fatalf("%q is %d", text, n)
		}
	})
}

// decoded has a field of every kind that data files use.
type decoded struct {
	Name  string         `lua:"name,opt"`
	Took  time.Duration  `lua:"took,opt" default:"5s"`
	Size  runtime.Size   `lua:"size,opt"`
	Level int8           `lua:"level,opt" min:"1" max:"9" default:"3"`
	Ratio *float64       `lua:"ratio,opt" min:"0" max:"1"`
	When  time.Time      `lua:"when,opt"`
	Mood  string         `lua:"mood,opt" enum:"calm,angry"`
	Rules []rule         `lua:"rules,opt"`
	Env   map[string]any `lua:"env,opt"`
}

// FuzzDecode: any table either becomes data within its bounds or is refused as
// invalid; nothing panics.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		`{}`, `{ name = "x", took = "1d", size = "1KB", level = 9, ratio = 0.5, when = 1e9, mood = "calm" }`,
		`{ rules = { { signal = "A", next = { signal = "B" } } }, env = { a = { 1, 2, { b = true } } } }`,
		`{ level = 0/0 }`, `{ ratio = 1/0 }`, `{ env = { 1, x = 2 } }`, `{ rules = { [3] = 1 } }`, `(function() local t = {} t.env = t return t end)()`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, table string) {
		if len(table) > 200 || strings.ContainsAny(table, "()") && !strings.HasPrefix(table, "(function() local t = {} t.env") {
			return // no code: a loop would only take its time limit
		}
		var d decoded
		err := runtime.LoadData(t.Context(), runtime.Source{Path: "f.lua", Text: []byte("return " + table)}, &d)
		if err != nil {
			if k := runtime.KindOf(err); k == runtime.Internal {
				t.Fatalf("%s: %v", table, err)
			}
			return
		}
		if d.Level < 1 || d.Level > 9 || d.Took < 0 || d.Size < 0 || d.Ratio != nil && !(*d.Ratio >= 0 && *d.Ratio <= 1) || d.Mood != "" && d.Mood != "calm" && d.Mood != "angry" {
			t.Fatalf("%s: %+v", table, d)
		}
	})
}

func TestLoadData(t *testing.T) {
	for text, want := range map[string]string{
		`return { name = "x", level = 4 }`:       ``,
		`local n = "x" return { name = n .. n }`: ``,
		`return { nmae = "x" }`:                  `d.lua: unknown key "nmae", did you mean "name"?`,
		`return 1`:                               `d.lua: the file must return a table`,
		``:                                       `d.lua: the file must return a table`,
		`return { env = { f = print } }`:         `d.lua: env.f is a function: only data can be passed here`,
		`return {`:                               `d.lua:1: syntax error near '<eof>'`,
		`process.stop()`:                         `d.lua:1: attempt to index a nil value (global 'process')`,
		`require("x")`:                           `d.lua:1: attempt to call a nil value (global 'require')`,
		`error("x")`:                             `d.lua:1: x`,
		`print("noise") return {}`:               ``,
	} {
		var d decoded
		err := runtime.LoadData(t.Context(), runtime.Source{Path: "d.lua", Text: []byte(text)}, &d)
		if got := errText(err); got != want && !(strings.HasPrefix(want, "d.lua:1: attempt") && strings.HasPrefix(got, "d.lua:1: attempt")) {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestSuggest(t *testing.T) {
	known := []string{"grace", "signal", "timeout", "on_error", "fs.write", "ok"}
	for unknown, want := range map[string]string{
		"grase": "grace", "garce": "grace", "GRACE": "grace", "grac": "grace", "graces": "grace", "singal": "signal", "tiemout": "timeout",
		"onerror": "on_error", "fs.wirte": "fs.write", "oks": "ok", "": "", "x": "", "colour": "", "zzzzzz": "", "gr": "", strings.Repeat("grace", 20): "",
	} {
		if want != "" {
			want = `, did you mean "` + want + `"?`
		}
		if got := runtime.Suggest(unknown, known); got != want {
			t.Errorf("%q: %q, want %q", unknown, got, want)
		}
	}
	if got := runtime.Suggest("x", nil); got != "" {
		t.Errorf("got %q", got)
	}
}

// TestRunID: a ULID: 26 characters of Crockford's base 32 that sort by time.
func TestRunID(t *testing.T) {
	id := func(at time.Time) string {
		return runtimetest.Run(t, runtimetest.Case{Text: `return run.id`, Now: func() time.Time { return at }}).Value(t).(string)
	}
	at := time.UnixMilli(1469918176385) // the example of the specification
	if got := id(at); len(got) != 26 || got[:10] != "01ARYZ6S41" || strings.Trim(got, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") != "" {
		t.Errorf("got %s", got)
	}
	seen := map[string]bool{}
	last := ""
	for i := range 100 {
		next := id(at.Add(time.Duration(i) * time.Millisecond))
		if seen[next] || next <= last {
			t.Fatalf("%s after %s", next, last)
		}
		seen[next], last = true, next
	}
}
