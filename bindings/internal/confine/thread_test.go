package confine_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cortexlua/cortexlua/bindings/internal/confine"
	"github.com/cortexlua/cortexlua/bindings/internal/proc"
)

// While programs are started confined and unconfined by turns, goroutines of this
// program open what the policy refuses, on whatever threads they happen to run:
// none is ever held, and neither is any unconfined child.
func TestNobodyElseIsConfined(t *testing.T) {
	skipBelow(t, 6)
	at := newPlace(t)
	stop := make(chan struct{})
	var probes, refused atomic.Int64
	var watchers sync.WaitGroup
	for range 4 {
		watchers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				probes.Add(1)
				if _, err := os.ReadFile(at.out + "/file"); err != nil {
					refused.Add(1)
				}
				_ = unix.Nanosleep(&unix.Timespec{Nsec: 1_000_000}, nil) // blocks a thread: others must be made
			}
		})
	}
	strict := at.policy()
	for i := range 200 {
		policy, want := &strict, "EACCES"
		if i%2 == 1 {
			policy, want = nil, "ok"
		}
		if got := read(t, policy, at.out+"/file"); got != want {
			t.Fatalf("start %d: reading outside gave %s, want %s", i, got, want)
		}
	}
	close(stop)
	watchers.Wait()
	if refused.Load() > 0 || probes.Load() == 0 {
		t.Errorf("%d of %d reads of this program were refused", refused.Load(), probes.Load())
	}
	eventually(t, "every thread that was confined has ended", func() bool { return threadsWithoutPrivileges(t) == 0 })
}

// read has cat read a file, which is a cheaper program than the helper.
func read(t testing.TB, p *confine.Policy, path string) string {
	t.Helper()
	res, err := proc.Run(t.Context(), proc.RunSpec{Argv: []string{"/bin/cat", path}, Env: []string{"LC_ALL=C"}, Dir: "/", Confine: p})
	must(t, err)
	switch {
	case res.Code == 0:
		return "ok"
	case strings.Contains(string(res.Stderr), "Permission denied"):
		return "EACCES"
	}
	return string(res.Stderr)
}

// threadsWithoutPrivileges counts the threads of this program that gave up new
// privileges, which only those do that enter a domain.
func threadsWithoutPrivileges(t testing.TB) int {
	t.Helper()
	files, err := filepath.Glob("/proc/self/task/*/status")
	must(t, err)
	n := 0
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err == nil && strings.Contains(string(text), "NoNewPrivs:\t1") {
			n++
		}
	}
	return n
}

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never happened: %s", what)
		}
	}
}

func TestConfinedStartsLeaveNothingOpen(t *testing.T) {
	skipBelow(t, 6)
	at := newPlace(t)
	policy := at.policy()
	read(t, &policy, at.in+"/file")
	before := openFiles(t)
	for range 20 {
		read(t, &policy, at.in+"/file")
	}
	if after := openFiles(t); after > before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
	inherited, err := os.Open(at.out + "/file")
	must(t, err)
	defer inherited.Close()
	_, err = unix.FcntlInt(inherited.Fd(), unix.F_SETFD, 0) // as if this program had been given it
	must(t, err)
	hold(t, &policy, expect{"fds", "ok"})
}

func openFiles(t testing.TB) int {
	t.Helper()
	names, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	return len(names)
}

// Older kernels are refused as far as the policy asks more than they hold.
func TestOldKernelsAreRefused(t *testing.T) {
	at := newPlace(t)
	kernel := func(abi int, err error) func() (int, error) { return func() (int, error) { return abi, err } }
	network := loose(confine.Policy{})
	network.Network.Open = false
	cases := []struct {
		name   string
		policy confine.Policy
		abi    func() (int, error)
		want   string
	}{
		{"none", *loose(at.policy()), kernel(0, unix.ENOSYS), "no Landlock"},
		{"turned off", *loose(at.policy()), kernel(0, unix.EOPNOTSUPP), "lsm="},
		{"truncate", *loose(at.policy()), kernel(2, nil), "ABI 2, and to keep files from being truncated takes ABI 3 (Linux 6.2)"},
		{"network", *network, kernel(3, nil), "ABI 3, and to keep it from the network takes ABI 4 (Linux 6.7)"},
		{"signals", at.policy(), kernel(5, nil), "ABI 5, and to keep its signals from processes outside takes ABI 6 (Linux 6.12)"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			c.policy.ABI = c.abi
			made := filepath.Join(at.work, "made")
			_, err := proc.Run(t.Context(), proc.RunSpec{Argv: []string{"/bin/touch", made}, Dir: "/", Confine: &c.policy})
			refusal(t, err, c.want)
			_, err = proc.StartDaemon(t.Context(), proc.DaemonSpec{Argv: []string{"/bin/touch", made}, Dir: "/", Confine: &c.policy, Log: made})
			refusal(t, err, c.want)
			if _, err := os.Stat(made); err == nil {
				t.Error("something was started or made")
			}
		})
	}
}

func refusal(t *testing.T, err error, want string) {
	t.Helper()
	if !errors.Is(err, confine.ErrUnsupported) || !strings.Contains(err.Error(), want) {
		t.Errorf("the error is %v, want one with %q", err, want)
	}
}

// A newer kernel is asked no more than it is known to hold; an older one is not
// asked for what it does not know.
func TestPoliciesSuitOlderKernels(t *testing.T) {
	skipBelow(t, 6)
	at := newPlace(t)
	for abi := 3; abi <= 7; abi++ {
		policy := loose(at.policy())
		policy.ABI = func() (int, error) { return abi, nil }
		hold(t, policy, expect{"read " + at.out + "/file", "EACCES"}, expect{"read " + at.in + "/file", "ok"})
	}
}

// A daemon is confined with its umask, and its log and lock stay usable.
func TestDaemonsAreConfined(t *testing.T) {
	skipBelow(t, 6)
	at := newPlace(t)
	policy := at.policy()
	umask := 0o027
	log := filepath.Join(at.out, "log") // outside: it is open already
	child, err := proc.StartDaemon(t.Context(), proc.DaemonSpec{
		Argv: []string{"/bin/sh", "-c", "cat " + at.out + "/file || echo refused; umask; echo done"},
		Env:  []string{"PATH=/usr/bin:/bin"}, Dir: at.work, Log: log, Umask: &umask, Confine: &policy,
	})
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	must(t, child.Wait(ctx))
	if got := content(t, log); !strings.Contains(got, "Permission denied") || !strings.HasSuffix(got, "refused\n0027\ndone\n") {
		t.Errorf("the log is %q", got)
	}
}

func BenchmarkStart(b *testing.B) {
	skipBelow(b, 6)
	at := newPlace(b)
	strict := at.policy()
	for _, c := range []struct {
		name   string
		policy *confine.Policy
	}{{"free", nil}, {"confined", &strict}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := proc.Run(b.Context(), proc.RunSpec{Argv: []string{"/bin/true"}, Dir: "/", Confine: c.policy}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkPrepare(b *testing.B) {
	skipBelow(b, 6)
	policy := confine.Policy{Read: []string{"/tmp"}}
	for b.Loop() {
		d, err := policy.Prepare("/bin/true")
		if err != nil {
			b.Fatal(fmt.Errorf("prepare: %w", err))
		}
		d.Close()
	}
}
