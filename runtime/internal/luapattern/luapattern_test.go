package luapattern

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func find(t testing.TB, s, p string) (int, int, error) {
	t.Helper()
	var m Matcher
	m.Init(s, p, true, nil)
	return m.Find(0)
}

func TestFind(t *testing.T) {
	for _, c := range []struct {
		s, p       string
		start, end int
	}{
		{"hello", "l+", 2, 4}, {"hello", "^l", -1, -1}, {"hello", "o$", 4, 5}, {"", "", 0, 0}, {"abc", "b-c", 1, 3},
		{"f(a(b)c)d", "%b()", 1, 8}, {"THE (quick) fox", "%f[%a]%a+%f[%A]", 0, 3}, {"abcabc", "(abc)%1", 0, 6},
		{"a]b", "[]]", 1, 2}, {"a-b", "[a-]+", 0, 2}, {"x\x00y", "%z", 1, 2}, {"aaa", "a-$", 0, 3}, {"a.b", "%.", 1, 2},
	} {
		if s, e, err := find(t, c.s, c.p); s != c.start || e != c.end || err != nil {
			t.Errorf("find(%q, %q) = %d, %d, %v; want %d, %d", c.s, c.p, s, e, err, c.start, c.end)
		}
	}
}

func TestErrors(t *testing.T) {
	for p, want := range map[string]string{
		"%": "ends with '%'", "[a": "missing ']'", "(a": "", "a)": "invalid pattern capture", "%1": "invalid capture index",
		"%b": "unbalanced pattern", "%f": "missing '['", strings.Repeat("()", 33): "too many captures",
		strings.Repeat("a?", 500): "too complex",
	} {
		_, _, err := find(t, strings.Repeat("a", 1000), p)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%.20q: %v, want %q", p, err, want)
		}
	}
}

// TestTickStops: a pattern that would run for years ends when its owner says so.
func TestTickStops(t *testing.T) {
	done := errors.New("enough")
	for _, c := range [][2]string{
		{strings.Repeat("a", 30), "^" + strings.Repeat("a?", 30) + strings.Repeat("a", 30) + "b"},
		{strings.Repeat("x", 50_000), ".-.-.-.-y"},
		{strings.Repeat("(", 300_000), "%b()"},
		{strings.Repeat("a", 200_000), "(a*)%1b"},
		{strings.Repeat("a", 200_000), "[" + strings.Repeat("b", 100_000) + "]"},
	} {
		ticks := 0
		var m Matcher
		m.Init(c[0], c[1], true, func() error {
			if ticks++; ticks == 3 {
				return done
			}
			return nil
		})
		start := time.Now()
		if _, _, err := m.Find(0); err != done {
			t.Errorf("%.20q: %v", c[1], err)
		}
		if d := time.Since(start); d > 2*time.Second {
			t.Errorf("%.20q: took %v", c[1], d)
		}
	}
}

func TestMegabyteTakesNoStack(t *testing.T) {
	s := strings.Repeat("a", 1<<20) + "\n"
	if _, e, err := find(t, s, "^(.*)\n"); e != len(s) || err != nil {
		t.Error(e, err)
	}
}

// FuzzFind: no pattern may panic, and what is found lies in the subject.
func FuzzFind(f *testing.F) {
	for _, s := range []string{"a", "%a+", "(a*(.)%w(%s*))", "[^%a-z]", "%f[%w]", "%b()", "^$", "[]-a]", "%1", "a-b?"} {
		f.Add("THE (quick) fox", s)
	}
	f.Fuzz(func(t *testing.T, s, p string) {
		ticks := 0
		var m Matcher
		m.Init(s, p, true, func() error {
			if ticks++; ticks > 100 {
				return errors.New("long enough")
			}
			return nil
		})
		for from := 0; from <= len(s); {
			a, b, err := m.Find(from)
			if err != nil || a < 0 {
				return
			}
			if a < from || b < a || b > len(s) {
				t.Fatalf("found %d..%d from %d in %d bytes", a, b, from, len(s))
			}
			for i := range m.Captures() {
				if x, y, _, err := m.Capture(i); err == nil && (x < 0 || y < x || y > len(s)) {
					t.Fatalf("capture %d is %d..%d", i, x, y)
				}
			}
			from = max(b, from+1)
		}
	})
}
