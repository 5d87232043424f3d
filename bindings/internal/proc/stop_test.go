package proc

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func stop(t testing.TB, spec StopSpec) StopResult {
	t.Helper()
	res, err := Stop(t.Context(), spec)
	if err != nil || !res.Stopped || len(res.Survivors) != 0 {
		t.Fatalf("not stopped: %+v %v", res, err)
	}
	return res
}

func gone(t testing.TB, what string, pid int) {
	t.Helper()
	if st, err := Inspect(pid); err == nil && !st.Dead() {
		t.Errorf("%s (pid %d, %s) lives", what, pid, st.Comm())
	}
}

func number(t testing.TB, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestStopPolitely(t *testing.T) {
	c, home := shell(t, `trap 'echo bye; exit 7' TERM; echo up; while :; do sleep 1000; done`)
	line(t, home, "up")
	res := stop(t, StopSpec{Identity: c.Identity(), Grace: 20 * time.Second})
	if res.Forced || res.Already || !slices.Contains(res.Signalled, c.Identity().PID) {
		t.Errorf("%+v", res)
	}
	line(t, home, "bye") // the signal reached the group: its sleep ended as well
	<-c.Done()
	if code, _, _ := c.Exit(); code != 7 {
		t.Errorf("exit %d", code)
	}
	again := stop(t, StopSpec{Identity: c.Identity()})
	if !again.Already || len(again.Signalled) != 0 {
		t.Errorf("second stop: %+v", again)
	}
}

// What a shell runs in its trap is not asked to end while the shell lives: it would
// cut the drain short. When the shell has gone, it is.
func TestStopLeavesAloneWhatADrainRuns(t *testing.T) {
	c, home := shell(t, `trap 'if sleep 0.5; then echo drained; else echo cut short; fi; exit 0' TERM; echo up; while :; do sleep 1000; done`)
	line(t, home, "up")
	if res := stop(t, StopSpec{Identity: c.Identity(), Grace: 20 * time.Second}); res.Forced {
		t.Errorf("%+v", res)
	}
	line(t, home, "drained")

	c, home = shell(t, `trap 'sh -c "trap \"echo asked; exit 0\" TERM; echo left; while :; do sleep 1000; done" & sleep 0.2; exit 0' TERM
		echo up; while :; do sleep 1000; done`)
	line(t, home, "up")
	if res := stop(t, StopSpec{Identity: c.Identity(), Grace: 20 * time.Second}); res.Forced {
		t.Errorf("%+v", res)
	}
	line(t, home, "asked")
}

func TestStopForcesWhoIgnoresTERM(t *testing.T) {
	c, home := shell(t, `trap '' TERM; echo up; while :; do sleep 1000; done`)
	line(t, home, "up")
	res := stop(t, StopSpec{Identity: c.Identity(), Grace: 50 * time.Millisecond})
	if !res.Forced {
		t.Errorf("%+v", res)
	}
	gone(t, "daemon", c.Identity().PID)
}

func TestStopWakesSuspended(t *testing.T) {
	c, home := shell(t, `trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.01; done`)
	line(t, home, "up")
	if err := unix.Kill(-c.Identity().PID, unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "suspended", func() bool { // a shell whose child has not executed yet waits for it in state D
		s, err := Scan()
		return err == nil && slices.ContainsFunc(s.Group(c.Identity().PID), func(st Stat) bool { return st.State == 'T' })
	})
	if res := stop(t, StopSpec{Identity: c.Identity(), Grace: 20 * time.Second}); res.Forced {
		t.Errorf("%+v", res)
	}
	line(t, home, "bye")
}

func TestStopLeaderGoesChildIgnoresTERM(t *testing.T) {
	c, home := shell(t, `(trap '' TERM; echo child $(exec sh -c 'echo $PPID'); while :; do sleep 1000; done) & trap 'exit 0' TERM; echo up; wait`)
	line(t, home, "up")
	child := number(t, line(t, home, "child "))
	res := stop(t, StopSpec{Identity: c.Identity(), Grace: 100 * time.Millisecond})
	if !res.Forced {
		t.Errorf("%+v", res)
	}
	gone(t, "child", child)
}

// The grandchild moved to its own session, and its parent is still there.
func TestStopFindsDescendantInOtherSession(t *testing.T) {
	c, home := shell(t, `setsid sh -c 'trap "" TERM; echo far $$; while :; do sleep 1000; done' & trap 'exit 0' TERM; wait`)
	far := number(t, line(t, home, "far "))
	stop(t, StopSpec{Identity: c.Identity(), Grace: 100 * time.Millisecond})
	gone(t, "grandchild", far)
}

// The grandchild moved to its own session and its parent ended: nothing but the
// cookie ties it to the daemon.
func TestStopFindsOrphanByCookie(t *testing.T) {
	home, cookie := t.TempDir(), NewCookie("orphan")
	c := shellIn(t, home, `sh -c 'setsid sh -c "trap \"\" TERM; echo far \$\$; while :; do sleep 1000; done" & ' ; trap 'exit 0' TERM; echo up; while :; do sleep 0.01; done`, cookie)
	line(t, home, "up")
	far := number(t, line(t, home, "far "))
	eventually(t, "an orphan", func() bool {
		st, err := Inspect(far)
		return err == nil && st.PPID != c.Identity().PID && st.Session == far
	})
	stop(t, StopSpec{Identity: c.Identity(), Cookie: cookie, Grace: 100 * time.Millisecond})
	gone(t, "orphan", far)
}

// The daemon was killed by somebody; what it left behind carries its cookie.
func TestStopCleansUpAfterDeadLeader(t *testing.T) {
	home, cookie := t.TempDir(), NewCookie("left")
	c := shellIn(t, home, `sleep 1000 & echo child $!; wait`, cookie)
	child := number(t, line(t, home, "child "))
	if err := c.Signal(unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-c.Done()
	if res := stop(t, StopSpec{Identity: c.Identity()}); !res.Already {
		t.Errorf("without the cookie nothing proves the child: %+v", res)
	}
	if st, err := Inspect(child); err != nil || st.Dead() {
		t.Fatalf("an unproved process was ended: %v", err)
	}
	res := stop(t, StopSpec{Identity: c.Identity(), Cookie: cookie})
	if res.Already || !slices.Equal(res.Signalled, []int{child}) {
		t.Errorf("%+v", res)
	}
	gone(t, "child", child)
}

// A signal that arrives between fork and exec is lost; here the program ignores it
// until it becomes another one.
func TestStopSignalsAgainAfterExec(t *testing.T) {
	c, home := shell(t, `trap '' TERM; echo up; sleep 0.2; trap - TERM; exec sleep 1000`)
	line(t, home, "up")
	if res := stop(t, StopSpec{Identity: c.Identity(), Grace: 20 * time.Second}); res.Forced {
		t.Errorf("%+v", res)
	}
}

// Who handles SIGTERM gets it once, however long it takes.
func TestStopSignalsOnce(t *testing.T) {
	c, home := shell(t, `n=0; trap 'n=$((n+1))' TERM; sleep 1000 & echo up; while [ $n = 0 ]; do wait; done
i=0; while [ $i -lt 40 ]; do sleep 0.01; i=$((i+1)); done; echo terms $n`)
	line(t, home, "up")
	stop(t, StopSpec{Identity: c.Identity(), Grace: 20 * time.Second})
	if got := line(t, home, "terms "); got != "1" {
		t.Errorf("%s signals", got)
	}
}

func TestStopManyChildren(t *testing.T) {
	c, home := shell(t, `i=0; while [ $i -lt 500 ]; do sleep 1000 & i=$((i+1)); done; echo up; wait`)
	line(t, home, "up")
	snap, err := Scan()
	if err != nil {
		t.Fatal(err)
	}
	if n := len(snap.Descendants(c.Identity().PID)); n != 500 {
		t.Fatalf("%d children", n)
	}
	before := openFiles(t)
	res := stop(t, StopSpec{Identity: c.Identity(), Grace: 20 * time.Second})
	if len(res.Signalled) != 501 || res.Forced {
		t.Errorf("%d signalled, forced %v", len(res.Signalled), res.Forced)
	}
	if now := openFiles(t); now > before {
		t.Errorf("%d descriptors leaked", now-before)
	}
	t.Logf("501 processes in %v", res.Duration)
}

// Every process of the daemon ignores TERM and keeps forking while it is stopped,
// in its group and out of it.
func TestStopWhileForking(t *testing.T) {
	home, cookie := t.TempDir(), NewCookie("fork")
	c := shellIn(t, home, `trap '' TERM; echo up; while :; do sleep 0.05 & setsid sleep 1000 & sleep 0.02; done`, cookie)
	line(t, home, "up")
	eventually(t, "children", func() bool { s, err := Scan(); return err == nil && len(s.Carrying(cookie)) > 5 })
	res := stop(t, StopSpec{Identity: c.Identity(), Cookie: cookie, Grace: 100 * time.Millisecond})
	if !res.Forced {
		t.Errorf("%+v", res)
	}
	snap, err := Scan()
	if err != nil {
		t.Fatal(err)
	}
	if left := snap.Carrying(cookie); len(left) != 0 {
		t.Errorf("%d processes are left", len(left))
	}
}

func TestStopSparesStrangers(t *testing.T) {
	c, _ := shell(t, "exec sleep 1000")
	id := c.Identity()
	for name, other := range map[string]Identity{
		"reused pid": {id.PID, id.StartTicks - 5, id.BootID},
		"other boot": {id.PID, id.StartTicks, "11111111-2222-3333-4444-555555555555"},
	} {
		if res := stop(t, StopSpec{Identity: other, Cookie: NewCookie("x"), Grace: time.Millisecond}); !res.Already || len(res.Signalled) != 0 {
			t.Errorf("%s: %+v", name, res)
		}
	}
	self, err := IdentityOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	parent, err := IdentityOf(os.Getppid())
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []Identity{self, parent, {PID: 1, BootID: id.BootID}, {PID: 0}, {PID: -1}} {
		if res, err := Stop(t.Context(), StopSpec{Identity: id, Signal: unix.SIGCONT}); err == nil || res.Stopped {
			t.Errorf("pid %d: %+v %v", id.PID, res, err)
		}
	}
	if ok, err := Alive(id); !ok || err != nil {
		t.Errorf("the stranger was hit: %v %v", ok, err)
	}
}

// A process in our own group is ended alone: its group is never signalled.
func TestStopInOurOwnGroup(t *testing.T) {
	cmd := exec.Command("/bin/sh", "-c", "sleep 1000 & wait")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waited := make(chan struct{})
	go func() { cmd.Wait(); close(waited) }()
	id, err := IdentityOf(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "a child", func() bool { s, _ := Scan(); return len(s.Children(id.PID)) == 1 })
	if res := stop(t, StopSpec{Identity: id, Grace: 20 * time.Second}); len(res.Signalled) != 2 {
		t.Errorf("%+v", res)
	}
	<-waited
}

func TestStopEndsWithItsContext(t *testing.T) {
	c, home := shell(t, `trap '' TERM; echo up; while :; do sleep 1000; done`)
	line(t, home, "up")
	why := errors.New("the run was stopped")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 100*time.Millisecond, why)
	defer cancel()
	res, err := Stop(ctx, StopSpec{Identity: c.Identity(), Grace: time.Hour})
	if !errors.Is(err, why) || res.Stopped || res.Forced || len(res.Survivors) == 0 || res.Survivors[0].Identity != c.Identity() {
		t.Errorf("%+v %v", res, err)
	}
}

// A process that cannot be ended is listed. SIGCONT stands in for a SIGKILL that
// has no effect yet, as on a process in state D.
func TestStopListsSurvivors(t *testing.T) {
	c, home := shell(t, `trap '' TERM; echo up; while :; do sleep 1000; done`)
	line(t, home, "up")
	spec := StopSpec{Identity: c.Identity()}
	tr, err := newTree(spec)
	if err != nil {
		t.Fatal(err)
	}
	defer tr.close()
	if err := tr.phase(t.Context(), unix.SIGCONT, 50*time.Millisecond); !errors.Is(err, errPhase) {
		t.Fatal(err)
	}
	snap, err := Scan()
	if err != nil {
		t.Fatal(err)
	}
	live := tr.members(snap)
	if len(live) != 2 || live[0].PID != c.Identity().PID || live[1].Comm() != "sleep" {
		t.Errorf("%+v", live)
	}
	list := []Survivor{{Identity{PID: 4711}, "worker", "D"}, {Identity{PID: 4712}, "sleep", "S"}}
	if got := describe(list); got != "4711 worker (D), 4712 sleep (S)" {
		t.Error(got)
	}
}

// A daemon that belongs to another user cannot be signalled without root; needs root
// to make one.
func TestStopWithoutRightsNeedsRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	c, home := shell(t, `echo up; exec sleep 1000`)
	line(t, home, "up")
	id := c.Identity()
	exe := filepath.Join("/tmp", fmt.Sprintf("proc-%d.test", os.Getpid()))
	raw, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(exe, raw, 0o755); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(exe)
	cmd := exec.Command(exe, "-test.run=^TestHelperStopForeign$")
	cmd.Dir = "/"
	cmd.Env = []string{fmt.Sprintf("PROC_TEST_STOP=%d %d %s", id.PID, id.StartTicks, id.BootID)}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: nobody()}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "run as its user or as root") {
		t.Errorf("%v %s", err, out)
	}
	if ok, _ := Alive(id); !ok {
		t.Error("it was ended")
	}
}

func TestTableSharesScans(t *testing.T) {
	var table Table
	var wg sync.WaitGroup
	start := make(chan struct{})
	for range 100 {
		wg.Go(func() {
			<-start
			if s, err := table.Snapshot(t.Context()); err != nil || len(s.All()) == 0 {
				t.Error(err)
			}
		})
	}
	close(start)
	wg.Wait()
	if table.scans > 20 {
		t.Errorf("%d scans for 100 callers", table.scans)
	}
	t.Logf("%d scans", table.scans)
}

// What a caller gets began after it asked: a process started before is in it.
func TestTableIsFresh(t *testing.T) {
	var table Table
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 20 {
				pid, _, err := unixFork(t)
				if err != nil {
					t.Error(err)
					return
				}
				s, err := table.Snapshot(t.Context())
				if err != nil {
					t.Error(err)
				} else if _, ok := s.Get(pid); !ok {
					t.Errorf("pid %d is missing", pid)
				}
				unix.Wait4(pid, nil, 0, nil)
			}
		})
	}
	wg.Wait()
}

// BenchmarkStop100 stops 100 daemons that need 50 ms each.
func BenchmarkStop100(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		home := b.TempDir()
		var ids [100]*Child
		var cookies [100]string
		for i := range ids {
			cookies[i] = NewCookie("bench")
			ids[i] = shellIn(b, home, `trap 'sleep 0.05; exit 0' TERM; echo up; while :; do sleep 1000; done`, cookies[i])
		}
		eventually(b, "all up", func() bool {
			raw, _ := os.ReadFile(filepath.Join(home, "log"))
			return strings.Count(string(raw), "up") == len(ids)
		})
		var table Table
		var wg sync.WaitGroup
		b.StartTimer()
		for i, c := range ids {
			wg.Go(func() {
				res, err := Stop(b.Context(), StopSpec{Identity: c.Identity(), Cookie: cookies[i], Table: &table, Grace: 20 * time.Second})
				if err != nil || res.Forced {
					b.Error(res, err)
				}
			})
		}
		wg.Wait()
		b.ReportMetric(float64(table.scans), "scans")
	}
}
