package supervise

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// secondRequest sends a signal after the burst of the first is over.
func secondRequest(send func()) {
	time.Sleep(burst + burst/2) // what is under test is a distance in time
	send()
}

func TestSignals(t *testing.T) {
	for name, send := range map[string]func(r *run, sig syscall.Signal){
		"to the parent": func(r *run, sig syscall.Signal) { _ = r.cmd.Process.Signal(sig) },
		"to the group":  func(r *run, sig syscall.Signal) { _ = syscall.Kill(-r.cmd.Process.Pid, sig) },
		"to the child":  func(r *run, sig syscall.Signal) { _ = syscall.Kill(r.child(), sig) },
		"to the parent and the group, as timeout does": func(r *run, sig syscall.Signal) {
			_ = r.cmd.Process.Signal(sig)
			_ = syscall.Kill(-r.cmd.Process.Pid, sig)
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := begin(t, "signals")
			r.line()
			send(r, syscall.SIGINT)
			if got := r.line(); got != "first 2" {
				t.Errorf("got %q", got)
			}
			secondRequest(func() {
				if !alive(r.cmd.Process.Pid) {
					t.Error("one request ended it at once")
				}
				send(r, syscall.SIGTERM)
			})
			r.ends(143)
		})
	}
}

func TestSecondSignalIsNotIgnored(t *testing.T) {
	r := begin(t, "deaf")
	r.line()
	_ = r.cmd.Process.Signal(syscall.SIGTERM)
	r.line()
	secondRequest(func() { _ = r.cmd.Process.Signal(syscall.SIGINT) })
	r.ends(130, "second signal")
}

func TestSignalBeforeTheChildListens(t *testing.T) {
	for sig, code := range map[syscall.Signal]int{unix.SIGINT: 130, unix.SIGTERM: 143, unix.SIGHUP: 129} {
		r := begin(t, "unready")
		r.line()
		_ = r.cmd.Process.Signal(sig)
		r.ends(code)
	}
}

func TestQuitGivesADump(t *testing.T) {
	r := begin(t, "unready")
	r.line()
	_ = r.cmd.Process.Signal(syscall.SIGQUIT)
	r.ends(131, "goroutine 1")
}

func TestIgnoredSignalsStayIgnored(t *testing.T) {
	r := prepare(t, "signals")
	r.cmd.Path, r.cmd.Args = "/bin/sh", []string{"sh", "-c", `trap "" HUP; exec "$0" signals`, mustExe(t)}
	pipe, _ := r.cmd.StdoutPipe()
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 100)
	_, _ = pipe.Read(buf)
	_ = syscall.Kill(-r.cmd.Process.Pid, syscall.SIGHUP)
	_ = syscall.Kill(-r.cmd.Process.Pid, syscall.SIGTERM)
	if n, _ := pipe.Read(buf); string(buf[:n]) != "first 15\n" {
		t.Errorf("got %q", buf[:n])
	}
	secondRequest(func() { _ = syscall.Kill(-r.cmd.Process.Pid, syscall.SIGTERM) })
	r.ends(143)
}

// TestTerminal presses Ctrl-C on a terminal whose foreground group the run is.
func TestTerminal(t *testing.T) {
	master, slave := terminal(t)
	r := prepare(t, "signals")
	r.cmd.Stdin, r.cmd.Stdout, r.cmd.Stderr = slave, slave, slave
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 0}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	slave.Close()
	expect(t, master, "ready")
	_, _ = master.Write([]byte{3})
	expect(t, master, "first 2")
	secondRequest(func() { _, _ = master.Write([]byte{3}) })
	r.ends(130)
}

func terminal(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no pseudo terminals here: %v", err)
	}
	t.Cleanup(func() { master.Close() })
	fd := int(master.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		t.Skipf("no pseudo terminals here: %v", err)
	}
	return master, slave
}

func expect(t *testing.T, from *os.File, text string) {
	t.Helper()
	var all strings.Builder
	buf := make([]byte, 1000)
	for !strings.Contains(all.String(), text) {
		n, err := from.Read(buf)
		if err != nil {
			t.Fatalf("no %q but %q: %v", text, all.String(), err)
		}
		all.Write(buf[:n])
	}
}

func TestRequests(t *testing.T) {
	var r requests
	at := time.Now()
	for i, step := range []struct {
		after time.Duration
		want  bool
	}{{0, true}, {time.Millisecond, false}, {burst - 1, false}, {burst, true}, {time.Hour, true}} {
		at = at.Add(step.after)
		if got := r.add(at); got != step.want {
			t.Errorf("step %d: %v", i, got)
		}
	}
}

func TestSignalsWithoutAParent(t *testing.T) {
	var none *Child
	none.Limits(Limits{Memory: 1})
	none.Daemon(1, 1, "")
	none.Deadline(time.Now(), "")
	none.Record("")
	none.Ended(0)
	asked, stop := none.Signals()
	defer stop()
	_ = exec.Command("kill", "-HUP", fmt.Sprint(os.Getpid())).Run()
	if sig := <-asked; sig != syscall.SIGHUP {
		t.Errorf("got %v", sig)
	}
}
