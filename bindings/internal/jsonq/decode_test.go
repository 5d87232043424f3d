package jsonq

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestDecodeGivesExactNumbers(t *testing.T) {
	huge, _ := new(big.Int).SetString("123456789012345678901", 10)
	for text, want := range map[string]any{
		`1`:                     1,
		`9007199254740993`:      9007199254740993,
		`-9223372036854775808`:  math.MinInt,
		`123456789012345678901`: huge,
		`1.5`:                   1.5,
		`1e2`:                   100.0,
		" [1, null ]\n":         []any{1, nil},
		`{"a":1,"a":2}`:         map[string]any{"a": 2},
		"\ufeff{}":              map[string]any{},
	} {
		got, err := Decode([]byte(text), Limits{})
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("Decode(%q) = %#v, %v, want %#v", text, got, err, want)
		}
	}
}

func TestDecodeSaysWhere(t *testing.T) {
	for _, c := range []struct {
		text      string
		offset    int64
		line, col int
		truncated bool
		why       string
	}{
		{"", 0, 1, 1, true, "empty"},
		{" \n ", 3, 2, 2, true, "empty"},
		{`{"a": [1, 2`, 11, 1, 12, true, "cut off"},
		{`{"a": "b`, 8, 1, 9, true, "cut off"},
		{"{\"a\": 1}\n{\"b\": 2}", 9, 2, 1, false, "more text"},
		{`[1] x`, 4, 1, 5, false, "more text"},
		{`[1]]`, 3, 1, 4, false, "more text"},
		{"{\n  \"ä\": tru }", 13, 2, 11, false, "invalid character"},
		{`[1,]`, 3, 1, 4, false, "invalid character"},
		{`{'a': 1}`, 1, 1, 2, false, "invalid character"},
		{`[01]`, 2, 1, 3, false, "invalid character"},
		{`NaN`, 0, 1, 1, false, "invalid character"},
		{"[\"a\xff\"]", 3, 1, 4, false, "0xff is not valid UTF-8"},
		{"[\"a\nb\"]", 3, 1, 4, false, "invalid character"},
	} {
		_, err := Decode([]byte(c.text), Limits{})
		var se *SyntaxError
		if !errors.As(err, &se) {
			t.Errorf("Decode(%q): %v, want a SyntaxError", c.text, err)
			continue
		}
		if se.Offset != c.offset || se.Line != c.line || se.Col != c.col || se.Truncated != c.truncated || !strings.Contains(se.Why, c.why) {
			t.Errorf("Decode(%q) = %+v, want %+v", c.text, *se, c)
		}
	}
}

func TestDecodeHoldsLimits(t *testing.T) {
	for _, c := range []struct {
		name, text string
		limits     Limits
		ok         bool
	}{
		{"depth at the limit", strings.Repeat("[", 200) + strings.Repeat("]", 200), Limits{}, true},
		{"depth over the limit", strings.Repeat("[", 201) + strings.Repeat("]", 201), Limits{}, false},
		{"depth over another limit", `{"a":[1]}`, Limits{MaxDepth: 1}, false},
		{"100,000 deep", strings.Repeat("[", 100_000), Limits{}, false},
		{"brackets in text do not nest", `"` + strings.Repeat("[\\\"", 300) + `"`, Limits{}, true},
		{"size at the limit", `"123"`, Limits{MaxBytes: 5}, true},
		{"size over the limit", `"1234"`, Limits{MaxBytes: 5}, false},
		{"a number with too many digits", strings.Repeat("9", 1001), Limits{}, false},
		{"a number out of range", `1e999`, Limits{}, false},
	} {
		_, err := DecodeReader(strings.NewReader(c.text), c.limits)
		var le *LimitError
		if c.ok && err != nil || !c.ok && !errors.As(err, &le) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestEncode(t *testing.T) {
	huge, _ := new(big.Int).SetString("123456789012345678901", 10)
	v := map[string]any{"b": []any{1, 2.5, nil, true}, "a": huge, "<": "&\u2028"}
	got, err := Encode(v, 0)
	if want := `{"<":"&\u2028","a":123456789012345678901,"b":[1,2.5,null,true]}`; err != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
	got, err = Encode(map[string]any{"a": []any{}, "b": map[string]any{"c": 1}}, 2)
	if want := "{\n  \"a\": [],\n  \"b\": {\n    \"c\": 1\n  }\n}"; err != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}

func TestEncodeRefuses(t *testing.T) {
	loop := []any{nil}
	loop[0] = loop
	for want, v := range map[string]any{
		"the value is NaN":                      math.NaN(),
		".a[1] is +Inf":                         map[string]any{"a": []any{1, math.Inf(1)}},
		".a is text that is not valid UTF-8":    map[string]any{"a": "\xff"},
		`has the key "\xff"`:                    map[string]any{"\xff": 1},
		"[0] is a struct {}, which is not data": []any{struct{}{}},
		"nests deeper than 200":                 loop,
	} {
		if got, err := Encode(v, 0); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Encode gave %s, %v, want an error with %q", got, err, want)
		}
	}
}

// FuzzDecode holds Decode against encoding/json: what it accepts is stable
// under another round, and Decode accepts all that is valid, short, shallow and UTF-8.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5e3,"x\u00e9"]}`, `[`, `1 2`, "\xff", `"\ud800"`, ` null `, `-0`, `1e999`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := Decode(text, Limits{})
		var limit *LimitError
		if err != nil {
			if json.Valid(text) && utf8.Valid(text) && !errors.As(err, &limit) {
				t.Fatalf("Decode refused valid JSON %q: %v", text, err)
			}
			return
		}
		out, err := Encode(v, 0)
		if err != nil {
			t.Fatalf("cannot encode what was decoded from %q: %v", text, err)
		}
		again, err := Decode(out, Limits{})
		if err != nil {
			t.Fatalf("%q became %q: %v", text, out, err)
		}
		if twice, err := Encode(again, 0); err != nil || string(twice) != string(out) {
			t.Fatalf("%q became %q and then %q: %v", text, out, twice, err)
		}
	})
}
