package proc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func sh(t testing.TB, script string) RunSpec {
	return RunSpec{Argv: []string{"/bin/sh", "-c", script}, Env: testEnv(), Dir: t.TempDir(), Cookie: NewCookie(t.Name())}
}

// nothingLeft checks that no process of a run lives.
func nothingLeft(t *testing.T, spec RunSpec) {
	t.Helper()
	s, err := Scan()
	if err != nil {
		t.Fatal(err)
	}
	for _, st := range s.Carrying(spec.Cookie) {
		t.Errorf("pid %d (%s) is left", st.PID, st.Comm())
	}
}

func TestRun(t *testing.T) {
	spec := sh(t, `cat; echo err >&2; exit 3`)
	spec.Stdin = bytes.Repeat([]byte("in"), 1<<16)
	res, err := Run(t.Context(), spec)
	if err != nil || res.Code != 3 || res.Signal != "" || !bytes.Equal(res.Stdout, spec.Stdin) || string(res.Stderr) != "err\n" || res.Truncated {
		t.Errorf("%d bytes, %+v %v", len(res.Stdout), res.Code, err)
	}
	res, err = Run(t.Context(), sh(t, `kill -9 $$`))
	if err != nil || res.Code != -1 || res.Signal != "SIGKILL" {
		t.Errorf("%+v %v", res, err)
	}
	res, err = Run(t.Context(), sh(t, `[ ! -t 0 ] && readlink /proc/$$/fd/0`))
	if err != nil || string(res.Stdout) != "/dev/null\n" {
		t.Errorf("%s %v", res.Stdout, err)
	}
	if _, err = Run(t.Context(), RunSpec{Argv: []string{"./no"}, Dir: "/tmp"}); err == nil || !strings.Contains(err.Error(), "cannot run ./no: /tmp/no does not exist") {
		t.Error(err)
	}
	if _, err = Run(t.Context(), RunSpec{Dir: "/"}); err == nil {
		t.Error("ran nothing")
	}
}

func TestRunBoundsFloods(t *testing.T) {
	spec := sh(t, `printf 'head'; head -c 20000000 /dev/zero; printf 'tail'; head -c 3000000 /dev/zero >&2`)
	spec.MaxOutput = 1000
	res, err := Run(t.Context(), spec)
	if err != nil || !res.Truncated || res.Code != 0 {
		t.Fatal(res.Code, res.Truncated, err)
	}
	if n := len(res.Stdout); n > 1100 || !bytes.HasPrefix(res.Stdout, []byte("head\x00")) || !bytes.HasSuffix(res.Stdout, []byte("\x00tail")) {
		t.Errorf("%d bytes: %.20q", n, res.Stdout)
	}
	if want := fmt.Sprintf("[... %d bytes left out ...]", 20000008-1000); !bytes.Contains(res.Stdout, []byte(want)) {
		t.Errorf("no %q", want)
	}
}

func TestKeep(t *testing.T) {
	for _, limit := range []int{1, 2, 3, 10, 11} {
		for _, chunk := range []int{1, 2, 3, 7, 50} {
			for total := range 40 {
				k := keep{limit: limit}
				var all []byte
				for len(all) < total {
					n := min(chunk, total-len(all))
					p := make([]byte, n)
					for i := range p {
						p[i] = byte('a' + (len(all)+i)%26)
					}
					all = append(all, p...)
					k.write(p)
				}
				want := string(all)
				if total > limit {
					want = fmt.Sprintf("%s\n[... %d bytes left out ...]\n%s", all[:limit/2], total-limit, all[total-(limit-limit/2):])
				}
				if got := string(k.bytes()); got != want {
					t.Fatalf("limit %d chunk %d total %d: %q, want %q", limit, chunk, total, got, want)
				}
			}
		}
	}
}

func TestRunLines(t *testing.T) {
	spec := sh(t, `echo one; echo two >&2; head -c 200000 /dev/zero | tr '\0' x; printf '\nlast'`)
	var out, errs []string
	spec.OnLine = func(stream string, line []byte) {
		if stream == "stdout" {
			out = append(out, string(line))
		} else {
			errs = append(errs, string(line))
		}
	}
	if _, err := Run(t.Context(), spec); err != nil {
		t.Fatal(err)
	}
	if len(out) != 3 || out[0] != "one" || len(out[1]) != maxLine || out[2] != "last" || len(errs) != 1 || errs[0] != "two" {
		t.Errorf("%d lines, %q", len(out), errs)
	}
}

func TestRunEndsTheTreeAtTheDeadline(t *testing.T) {
	why := errors.New("step: 100ms are over")
	spec := sh(t, `trap '' TERM; setsid sh -c 'trap "" TERM; sleep 1000' & sleep 1000 & echo out; while :; do sleep 1000; done`)
	spec.Grace = 100 * time.Millisecond
	seen := make(chan struct{})
	spec.OnLine = func(string, []byte) { close(seen) }
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() { <-seen; cancel(why) }()
	res, err := Run(ctx, spec)
	if !errors.Is(err, why) || res.Signal != "SIGKILL" || string(res.Stdout) != "out\n" {
		t.Errorf("%+v %v", res, err)
	}
	nothingLeft(t, spec)
}

func TestRunDeadlinePolitely(t *testing.T) {
	spec := sh(t, `trap 'echo cleaned; exit 9' TERM; echo up; while :; do sleep 0.01; done`)
	ctx, cancel := context.WithCancel(t.Context())
	spec.Grace = 20 * time.Second
	spec.OnLine = func(_ string, l []byte) {
		if string(l) == "up" {
			cancel()
		}
	}
	res, err := Run(ctx, spec)
	if !errors.Is(err, context.Canceled) || res.Code != 9 || string(res.Stdout) != "up\ncleaned\n" {
		t.Errorf("%+v %s %v", res, res.Stdout, err)
	}
}

// A grandchild in the background holds the pipe open (golang/go#23019).
func TestRunDoesNotWaitForGrandchildren(t *testing.T) {
	for name, script := range map[string]string{
		"in the group":      `sleep 1000 & echo out`,
		"in its own":        `setsid sleep 1000 & echo out`,
		"without the pipe":  `sleep 1000 >/dev/null 2>&1 & echo out`,
		"that ignores TERM": `(trap '' TERM; sleep 1000) & echo out`,
	} {
		t.Run(name, func(t *testing.T) {
			spec := sh(t, script)
			spec.Grace, spec.WaitDelay = 100*time.Millisecond, 50*time.Millisecond
			res, err := Run(t.Context(), spec)
			if err != nil || res.Code != 0 || string(res.Stdout) != "out\n" {
				t.Errorf("%+v %v", res, err)
			}
			if res.Duration > 15*time.Second {
				t.Errorf("took %v", res.Duration)
			}
			if name != "in its own" {
				nothingLeft(t, spec)
			}
			s, _ := Scan()
			for _, st := range s.Carrying(spec.Cookie) {
				_ = unix.Kill(st.PID, unix.SIGKILL)
			}
		})
	}
}

func TestRunLeaksNothing(t *testing.T) {
	spec := sh(t, `cat >/dev/null`)
	spec.Stdin = []byte("x")
	before := openFiles(t)
	routines := runtime.NumGoroutine()
	for range 200 {
		if res, err := Run(t.Context(), spec); err != nil || res.Code != 0 {
			t.Fatal(res, err)
		}
	}
	if now := openFiles(t); now > before+1 {
		t.Errorf("%d descriptors leaked", now-before)
	}
	eventually(t, "goroutines end", func() bool { return runtime.NumGoroutine() <= routines })
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	before = openFiles(t)
	failures := 0
	for extra := range 16 {
		low := unix.Rlimit{Cur: uint64(before + extra), Max: old.Max}
		_ = unix.Prlimit(0, unix.RLIMIT_NOFILE, &low, nil)
		_, err := Run(t.Context(), spec)
		_ = unix.Prlimit(0, unix.RLIMIT_NOFILE, &old, nil)
		if err != nil {
			failures++
			if !strings.Contains(err.Error(), "ulimit -n") {
				t.Errorf("extra %d: %v", extra, err)
			}
		}
	}
	if now := openFiles(t); now > before+1 || failures == 0 {
		t.Errorf("%d descriptors leaked, %d failures", now-before, failures)
	}
}

func BenchmarkRunTrue(b *testing.B) {
	spec := RunSpec{Argv: []string{"/bin/true"}, Dir: "/"}
	for b.Loop() {
		if _, err := Run(b.Context(), spec); err != nil {
			b.Fatal(err)
		}
	}
}
