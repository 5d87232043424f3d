package supervise

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestMessagesSurviveTheWay(t *testing.T) {
	for _, m := range []message{
		{word: "listening"},
		limitsMessage(Limits{Memory: 1 << 40, Grace: time.Second}),
		deadlineMessage(time.Now().Add(time.Hour), "the run's timeout of 1h"),
		{word: "daemon", numbers: []int64{1 << 22, 1 << 60}, text: "NAME=value"},
		{word: "record", text: "a file with spaces"},
		{word: "ended", numbers: []int64{255}},
	} {
		got, err := parseMessage(m.encode())
		if err != nil || got.word != m.word || got.text != m.text || len(got.numbers) != len(m.numbers) {
			t.Errorf("%q came as %+v, %v", m.encode(), got, err)
		}
	}
	long := message{word: "record", text: strings.Repeat("é", maxMessage)}.encode()
	if m, err := parseMessage(long); err != nil || !strings.HasPrefix(m.text, "éé") {
		t.Errorf("a long text: %v", err)
	}
}

func TestDeadlineKeepsTheMoment(t *testing.T) {
	at := time.Now().Add(-time.Minute)
	got := deadlineMessage(at, "").deadline()
	if d := got.Sub(at); d < -time.Second || d > time.Second {
		t.Errorf("moved by %v", d)
	}
	if !deadlineMessage(time.Time{}, "").deadline().IsZero() {
		t.Error("none became one")
	}
}

func FuzzParseMessage(f *testing.F) {
	for _, s := range []string{"listening", "limits 1 2", "deadline 5 why", "daemon 1 2", "ended 9223372036854775808", "record \x1b[2J", ""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, packet []byte) {
		m, err := parseMessage(packet)
		if err != nil {
			if !errors.Is(err, errNonsense) || strings.ContainsAny(err.Error(), "\x00\x1b\n") {
				t.Errorf("%q", err)
			}
			return
		}
		for _, n := range m.numbers {
			if n < 0 {
				t.Errorf("%d", n)
			}
		}
		if clean(m.text, len(m.text)) != m.text {
			t.Errorf("unclean %q", m.text)
		}
		switch m.word {
		case "limits":
			if l := m.limits(); l.Grace <= 0 || l.Grace > maxGrace {
				t.Errorf("grace %v", l.Grace)
			}
		case "deadline":
			_ = m.deadline()
		}
	})
}

func TestLookAgain(t *testing.T) {
	for _, c := range []struct {
		used, limit int64
		want        time.Duration
	}{{0, 1 << 30, maxLook}, {256 << 20, 256 << 20, minLook}, {1 << 40, 1, minLook}, {0, 80 << 20, 80 * time.Second / (fillRate >> 20)}} {
		if got := lookAgainIn(c.used, c.limit); got != c.want {
			t.Errorf("%d of %d: %v, want %v", c.used, c.limit, got, c.want)
		}
	}
}

// TestScanFindsTheSame compares the two ways to list children, as the parent does.
func TestScanFindsTheSame(t *testing.T) {
	r := begin(t, "unready")
	r.line()
	child := r.child()
	for _, scan := range []bool{false, true} {
		tr := &tree{self: r.cmd.Process.Pid, scan: scan}
		found := tr.members()
		if len(found) != 1 || found[0].pid != child {
			t.Errorf("scan %v found %v, want the child %d", scan, found, child)
		}
	}
	_ = r.cmd.Process.Kill()
	_ = r.cmd.Wait()
}
