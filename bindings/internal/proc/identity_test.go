package proc

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestParseStatOfAwkwardNames(t *testing.T) {
	const rest = " S 10 20 30 0 -1 4194560 1 2 3 4 500 60 7 8 20 0 3 0 987654 2048000 77 18446744073709551615 1 1\n"
	for _, comm := range []string{"sh", "a b", "a) R 1 (b", ")(", "", "new\nline", "a-name-of-kernel-threads/0:1-events_x"} {
		var st Stat
		if !st.parse([]byte("4711 (" + comm + ")" + rest)) {
			t.Errorf("%q: not read", comm)
			continue
		}
		want := comm[:min(len(comm), 16)]
		if st.PID != 4711 || st.Comm() != want || st.State != 'S' || st.PPID != 10 || st.PGRP != 20 || st.Session != 30 {
			t.Errorf("%q: %+v", comm, st)
		}
		if st.Flags != 4194560 || st.UserTicks != 500 || st.SysTicks != 60 || st.Threads != 3 || st.StartTicks != 987654 || st.VSize != 2048000 || st.RSSPages != 77 {
			t.Errorf("%q: figures %+v", comm, st)
		}
		if st.CPU() != 5600*time.Millisecond {
			t.Errorf("cpu %v", st.CPU())
		}
	}
}

func TestParseStatRefusesCutLines(t *testing.T) {
	whole := "4711 (sh) S 10 20 30 0 -1 4194560 1 2 3 4 500 60 7 8 20 0 3 0 987654 2048000 7"
	for n := range len(whole) {
		var st Stat
		if st.parse([]byte(whole[:n])) {
			t.Errorf("read %q", whole[:n])
		}
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte("1 (a) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22"))
	f.Add([]byte("1 () "))
	f.Fuzz(func(_ *testing.T, line []byte) {
		var st Stat
		st.parse(line)
	})
}

func TestInspectSelf(t *testing.T) {
	st, err := Inspect(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if st.PPID != os.Getppid() || st.PGRP != unix.Getpgrp() || st.RSS() < 1<<20 || st.Dead() || st.Kernel() {
		t.Errorf("%+v", st)
	}
	if up := st.Uptime(); up < 0 || up > time.Hour {
		t.Errorf("uptime %v", up)
	}
	if exe, err := Exe(st.PID); err != nil || !strings.HasSuffix(exe, ".test") {
		t.Errorf("exe %q %v", exe, err)
	}
	if uid, err := UID(st.PID); err != nil || uid != os.Geteuid() {
		t.Errorf("uid %d %v", uid, err)
	}
}

func TestReadStatMakesNoGarbage(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	pid := os.Getpid()
	var st Stat
	if n := testing.AllocsPerRun(100, func() { _ = inspect(pid, &st) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestIdentityTellsAnotherProcess(t *testing.T) {
	c, _ := shell(t, "exec sleep 1000")
	id := c.Identity()
	if ok, err := Alive(id); !ok || err != nil {
		t.Fatal(ok, err)
	}
	for name, other := range map[string]Identity{
		"started later":      {id.PID, id.StartTicks - 1, id.BootID},
		"started earlier":    {id.PID, id.StartTicks + 1, id.BootID},
		"since another boot": {id.PID, id.StartTicks, "11111111-2222-3333-4444-555555555555"},
	} {
		_, err := Open(other)
		var o *OtherError
		if !errors.As(err, &o) || !errors.Is(err, ErrOther) || !errors.Is(err, ErrGone) || o.When != name {
			t.Errorf("%s: %v", name, err)
		}
		if ok, err := Alive(other); ok || err != nil {
			t.Errorf("%s: alive %v %v", name, ok, err)
		}
	}
	for _, pid := range []int{0, -1} {
		if _, err := Open(Identity{pid, 1, id.BootID}); err == nil || errors.Is(err, ErrGone) {
			t.Errorf("pid %d: %v", pid, err)
		}
	}
}

func TestZombieIsGone(t *testing.T) {
	pid, _, err := unixFork(t)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Wait4(pid, nil, 0, nil)
	eventually(t, "a zombie", func() bool { st, err := Inspect(pid); return err == nil && st.State == 'Z' })
	st, err := Inspect(pid)
	if err != nil {
		t.Fatal(err)
	}
	id, err := st.Identity()
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := Alive(id); ok || err != nil {
		t.Errorf("a zombie is alive: %v %v", ok, err)
	}
	if _, err := Open(id); !errors.Is(err, ErrGone) {
		t.Errorf("open: %v", err)
	}
	if _, err := IdentityOf(pid); !errors.Is(err, ErrGone) {
		t.Errorf("identity: %v", err)
	}
	res, err := Stop(t.Context(), StopSpec{Identity: id, Grace: time.Second})
	if err != nil || !res.Stopped || !res.Already {
		t.Errorf("stop: %+v %v", res, err)
	}
}

// unixFork starts a child that ends at once and that nobody reaps.
func unixFork(t *testing.T) (int, uintptr, error) {
	p, err := os.StartProcess("/bin/true", []string{"true"}, &os.ProcAttr{})
	if err != nil {
		return 0, 0, err
	}
	t.Cleanup(func() { p.Release() })
	return p.Pid, 0, nil
}

func TestThreadIsNoProcess(t *testing.T) {
	names, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		tid, _ := parsePID(n.Name())
		if tid == os.Getpid() {
			continue
		}
		st, err := Inspect(tid)
		if err != nil {
			continue
		}
		id, _ := st.Identity()
		if _, err := Open(id); !errors.Is(err, ErrGone) {
			t.Errorf("thread %d: %v", tid, err)
		}
		return
	}
	t.Skip("one thread only")
}

func TestHandleWait(t *testing.T) {
	c, _ := shell(t, "exec sleep 1000")
	h, err := Open(c.Identity())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Millisecond, errPhase)
	defer cancel()
	if err := h.Wait(ctx); !errors.Is(err, errPhase) {
		t.Errorf("wait: %v", err)
	}
	if err := h.waitAlone(ctx); !errors.Is(err, errPhase) {
		t.Errorf("waitAlone: %v", err)
	}
	ended := make(chan error, 4)
	for range 4 {
		go func() { ended <- h.Wait(t.Context()) }()
	}
	if err := h.Signal(unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	<-c.Done()
	if code, sig, ok := c.Exit(); code != -1 || sig != "SIGKILL" || !ok {
		t.Errorf("exit %d %q %v", code, sig, ok)
	}
	if err := h.Signal(unix.SIGTERM); !errors.Is(err, ErrGone) {
		t.Errorf("signal after the end: %v", err)
	}
	if err := c.Signal(unix.SIGTERM); !errors.Is(err, ErrGone) {
		t.Errorf("child signal after the end: %v", err)
	}
}

func TestWaitAloneAfterDeadline(t *testing.T) {
	c, _ := shell(t, "exec sleep 1000")
	h, err := Open(c.Identity())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := h.waitAlone(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	if err := h.Signal(unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := h.waitAlone(t.Context()); err != nil {
		t.Errorf("second wait: %v", err)
	}
}

func BenchmarkInspect(b *testing.B) {
	pid := os.Getpid()
	var st Stat
	b.ReportAllocs()
	for b.Loop() {
		if err := inspect(pid, &st); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkScan(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Scan(); err != nil {
			b.Fatal(err)
		}
	}
}
