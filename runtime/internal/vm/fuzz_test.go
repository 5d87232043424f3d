package vm

import (
	"strings"
	"testing"
	"time"
)

// FuzzCompile: no source may panic or hang the pre-check, the parser, the rewriting
// or the compiler.
func FuzzCompile(f *testing.F) {
	for _, p := range []string{"return 1", "a.b[c]:d 'e' {f}", "--[==[ x ]==] local s = [[y]]", "if a then elseif b then else end",
		"for i=1,2 do goto x ::x:: end", "return function(...) local a <- ... end", "x = 'a\\\nb' .. 0x1p4", "#!sh\nreturn", "\x1bLua",
		strings.Repeat("(", 300), strings.Repeat("-", 50) + "1"} {
		f.Add([]byte(p))
	}
	m := New(Limits{})
	f.Fuzz(func(t *testing.T, src []byte) {
		start := time.Now()
		if p, err := m.Compile("fuzz", src); err == nil && p == nil {
			t.Error("neither a prototype nor an error")
		}
		if d := time.Since(start); d > 5*time.Second {
			t.Errorf("took %v", d)
		}
	})
}

// FuzzFormat: no format string may panic.
func FuzzFormat(f *testing.F) {
	for _, s := range []string{"%d", "%5.2s|%-05d", "%q", "%%", "%99.99f", "%+ #0x", "%"} {
		f.Add(s, 1.5, "x")
	}
	f.Fuzz(func(t *testing.T, format string, n float64, s string) {
		m := New(Limits{})
		p, err := m.Compile("c", []byte("local f, n, s = ... return pcall(string.format, f, n, s), pcall(string.format, f, s, n)"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Run(timeoutContext(t, 5*time.Second), m.Load(p), str(format), num(n), str(s)); err != nil {
			t.Errorf("%q: %v", format, err)
		}
	})
}
