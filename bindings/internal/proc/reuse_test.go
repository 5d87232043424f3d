package proc

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A pid that the kernel gave to another process: nobody who knows the old one may
// reach the new one. Needs root for a pid namespace of its own, where the next pid
// can be chosen (/proc/sys/kernel/ns_last_pid).
func TestReusedPIDNeedsRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	if err := exec.Command("unshare", "-pf", "--mount-proc", "true").Run(); err != nil {
		t.Skip("needs a pid namespace:", err)
	}
	cmd := exec.Command("unshare", "-pf", "--mount-proc", "--kill-child", os.Args[0], "-test.run=^TestHelperReuse$", "-test.v")
	cmd.Env = append(os.Environ(), "PROC_TEST_REUSE=1")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "PASS: TestHelperReuse") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestHelperReuse(t *testing.T) {
	if os.Getenv("PROC_TEST_REUSE") == "" {
		t.Skip("a helper")
	}
	home, cookie := t.TempDir(), NewCookie("old")
	old := shellIn(t, home, "exec sleep 1000", cookie)
	id := old.Identity()
	held, err := Open(id)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if err := old.Signal(unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-old.Done()
	eventually(t, "the next tick", func() bool {
		st := Stat{StartTicks: id.StartTicks}
		return st.Uptime() > 3*time.Second/ticksPerSecond
	})

	var stranger *Child
	for range 50 { // a new thread of this program may take the number first
		if err := os.WriteFile("/proc/sys/kernel/ns_last_pid", []byte(strconv.Itoa(id.PID-1)), 0); err != nil {
			t.Skip(err)
		}
		if stranger = shellIn(t, home, "exec sleep 1000", NewCookie("new")); stranger.Identity().PID == id.PID {
			break
		}
	}
	if stranger.Identity().PID != id.PID {
		t.Fatal("the pid was not given again")
	}

	if _, err := Open(id); !errors.Is(err, ErrOther) || !strings.Contains(err.Error(), "started later") {
		t.Errorf("open: %v", err)
	}
	if err := held.Signal(unix.SIGKILL); !errors.Is(err, ErrGone) {
		t.Errorf("signal: %v", err)
	}
	if err := held.signalGroup(unix.SIGKILL); err == nil {
		t.Error("the old leader's handle reached a group")
	}
	if res := stop(t, StopSpec{Identity: id, Cookie: cookie}); !res.Already || len(res.Signalled) != 0 {
		t.Errorf("stop: %+v", res)
	}
	found, err := Locate(t.Context(), []Program{{Name: "d", Record: &id, PIDFilePID: id.PID, Argv: []string{"./daemon.sh"}, Home: home}})
	if err != nil || len(found) != 0 {
		t.Errorf("locate: %+v %v", found, err)
	}
	if ok, err := Alive(stranger.Identity()); !ok || err != nil {
		t.Errorf("the stranger was hit: %v %v", ok, err)
	}
}
