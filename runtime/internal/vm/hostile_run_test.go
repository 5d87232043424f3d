package vm

import (
	"bytes"
	"context"
	"errors"
	"os"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cortexlua/cortexlua/runtime/runtimetest/hostile"
)

// outcome is how a hostile script went.
type outcome struct {
	out  string
	err  error
	late time.Duration
	peak int64
}

// attack runs src on a fresh machine with a short deadline and watches the memory
// of the process.
func attack(t *testing.T, src string, deadline time.Duration) outcome {
	debug.FreeOSMemory()
	m := New(Limits{})
	var out bytes.Buffer
	m.SetOutput(&out)
	var peak atomic.Int64
	quit, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		s := memorySample()
		for {
			select {
			case <-quit:
				return
			case <-time.After(2 * time.Millisecond):
				peak.Store(max(peak.Load(), readMemory(s)))
			}
		}
	}()
	start := time.Now()
	p, err := m.Compile("attack", []byte(src))
	if err == nil {
		ctx, cancel := context.WithTimeout(t.Context(), deadline)
		_, err = m.Run(ctx, m.Load(p))
		cancel()
	}
	o := outcome{out: out.String(), err: err, late: time.Since(start) - deadline}
	m.Close()
	close(quit)
	<-gone
	o.peak = peak.Load()
	return o
}

// TestHostile holds the promise of the package on the whole corpus.
func TestHostile(t *testing.T) {
	deadline := 200 * time.Millisecond
	if testing.Short() {
		deadline = 50 * time.Millisecond
	}
	if d, err := time.ParseDuration(os.Getenv("HOSTILE_DEADLINE")); err == nil {
		deadline = d
	}
	cases := hostileScripts(t)
	var worstLate time.Duration
	var worstPeak int64
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			d := deadline
			if c.Expect == "ok" { // they end by themselves
				d = 10 * time.Second
			}
			o := attack(t, c.Text, d)
			t.Logf("late %v, peak %d MiB, %s", o.late.Round(time.Millisecond), o.peak>>20, firstLine(o.err))
			worstLate, worstPeak = max(worstLate, o.late), max(worstPeak, o.peak)
			judge(t, c, o)
		})
	}
	t.Logf("%d scripts, latest %v after the deadline, most memory %d MiB", len(cases), worstLate.Round(time.Millisecond), worstPeak>>20)
}

func firstLine(err error) string {
	if err == nil {
		return "ok"
	}
	s, _, _ := strings.Cut(err.Error(), "\n")
	return clip(s, 120)
}

func judge(t *testing.T, c hostile.Script, o outcome) {
	t.Helper()
	if strings.Contains(o.out, "ESCAPED") || o.err != nil && strings.Contains(o.err.Error(), "ESCAPED") {
		t.Errorf("escaped: %s %v", clip(o.out, 200), o.err)
	}
	var p *PanicError
	if errors.As(o.err, &p) {
		t.Errorf("Go panic: %v\n%s", p.Value, p.Stack)
	}
	if o.late > 250*time.Millisecond*raceFactor {
		t.Errorf("ended %v after the deadline", o.late)
	}
	if o.peak > 256<<20 {
		t.Errorf("took %d MiB", o.peak>>20)
	}
	if c.Expect == "ok" && (o.err != nil || !strings.Contains(o.out, "OK")) {
		t.Errorf("printed %q, ended with %v; want OK", clip(o.out, 200), o.err)
	}
	if c.Expect == "denied" && o.err == nil {
		t.Error("ended without an error")
	}
}
