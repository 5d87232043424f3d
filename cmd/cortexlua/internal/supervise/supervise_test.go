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

func TestExitCodesPassThrough(t *testing.T) {
	for _, code := range []int{0, 1, 2, 3, 4, 5, 124, 130, 255} {
		begin(t, "exit", fmt.Sprintf("CODE=%d", code)).ends(code)
	}
}

func TestHangEndsAfterDeadline(t *testing.T) {
	best := time.Hour
	for range 5 { // the machine may be busy; the parent must not be late every time
		r := begin(t, "hang")
		at := int64(r.number())
		_ = r.cmd.Wait()
		late := time.Duration(monotonic() - at)
		r.ends(exitTimeout, "did not end in time", "the run's timeout of 300ms", "record: /var/lib/record")
		if late < 0 {
			t.Fatalf("ended %v before the deadline", -late)
		}
		if best = min(best, late); best <= 250*time.Millisecond {
			return
		}
	}
	t.Errorf("ended %v after the deadline", best)
}

func TestDeadlines(t *testing.T) {
	t.Run("later", func(t *testing.T) { begin(t, "move").ends(7) })
	t.Run("earlier", func(t *testing.T) { begin(t, "move back").ends(exitTimeout, "the second") })
	t.Run("never named", func(t *testing.T) {
		begin(t, "never starts", "SUPERVISE_TEST_STARTUP=200ms").ends(exitTimeout, "200ms that a run has to start")
	})
	t.Run("ended but there", func(t *testing.T) { begin(t, "ended and stays").ends(5) })
}

func TestMemory(t *testing.T) {
	t.Run("child", func(t *testing.T) { begin(t, "allocate").ends(exitLimit, "would pass the memory limit of 128 MiB") })
	t.Run("program", func(t *testing.T) {
		r := begin(t, "program allocates")
		pid := r.number()
		r.ends(exitLimit, "would pass the memory limit of 128 MiB", fmt.Sprintf("pid %d", pid))
	})
	t.Run("no limit", func(t *testing.T) { begin(t, "allocate without limit").ends(0) })
	t.Run("forks are not counted twice", func(t *testing.T) { begin(t, "fork while large").ends(0) })
}

func TestCrashes(t *testing.T) {
	const fatal = "crashed (a fatal error of Go)"
	for scene, text := range map[string]string{
		"panic": fatal, "throw": fatal, "overflow": fatal, "usage without a word": fatal,
		"abort": "crashed (SIGABRT)", "kill": "killed from outside (SIGKILL)",
	} {
		t.Run(scene, func(t *testing.T) { begin(t, scene).ends(exitCrashed, text) })
	}
}

func TestNothingIsLeft(t *testing.T) {
	t.Run("own session, ignores TERM", func(t *testing.T) {
		started := time.Now()
		begin(t, "leave").ends(0)
		if took := time.Since(started); took < orphanGrace {
			t.Errorf("it was killed without a grace, after %v", took)
		}
	})
	t.Run("orphan", func(t *testing.T) { begin(t, "leave deep").ends(0) })
	t.Run("asked first", func(t *testing.T) {
		r := prepare(t, "leave polite")
		stdin, _ := r.cmd.StdinPipe()
		var out strings.Builder
		pipe, _ := r.cmd.StdoutPipe()
		if err := r.cmd.Start(); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 100)
		n, _ := pipe.Read(buf) // its handler stands
		out.Write(buf[:n])
		stdin.Close()
		for n, err := pipe.Read(buf); err == nil; n, err = pipe.Read(buf) {
			out.Write(buf[:n])
		}
		r.ends(0)
		if out.String() != "here\nbye\n" {
			t.Errorf("got %q", out.String())
		}
	})
}

func TestDaemonsStay(t *testing.T) {
	for scene, code := range map[string]int{"daemon": 0, "daemon and hang": exitTimeout} {
		t.Run(scene, func(t *testing.T) {
			r := begin(t, scene)
			pid := r.number()
			_ = r.cmd.Wait()
			if got := r.cmd.ProcessState.ExitCode(); got != code {
				t.Errorf("exit code %d, want %d\n%s", got, code, r.stderr.String())
			}
			if left := r.processes(); len(left) != 1 || left[0] != pid {
				t.Errorf("left are %v, want the daemon %d", left, pid)
			}
			if fds, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid)); len(fds) < 3 {
				t.Errorf("the daemon has %d descriptors", len(fds))
			}
		})
	}
	t.Run("its fugitives by the mark", func(t *testing.T) {
		r := prepare(t, "marked daemon")
		stdin, _ := r.cmd.StdinPipe()
		pipe, _ := r.cmd.StdoutPipe()
		if err := r.cmd.Start(); err != nil {
			t.Fatal(err)
		}
		_, _ = pipe.Read(make([]byte, 100)) // the daemon's pid
		await(t, "the fugitive is an orphan", func() bool {
			for _, pid := range r.processes() {
				if p, _ := inspect(pid); p.parent == r.cmd.Process.Pid && p.session == pid {
					return true
				}
			}
			return false
		})
		stdin.Close()
		_ = r.cmd.Wait()
		if left := r.processes(); len(left) != 2 {
			t.Errorf("left are %v, want the daemon and what fled from it", left)
		}
	})
}

func TestClaims(t *testing.T) {
	stranger := exec.Command("/bin/sleep", "60")
	stranger.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := stranger.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stranger.Process.Kill(); _ = stranger.Wait() }()
	begin(t, "claims", fmt.Sprintf("STRANGER=%d", stranger.Process.Pid)).ends(0)
	if !alive(stranger.Process.Pid) {
		t.Error("the stranger is dead")
	}
}

func TestControlSocket(t *testing.T) {
	t.Run("garbage", func(t *testing.T) { begin(t, "garbage").ends(exitTimeout, "the last that was understood") })
	t.Run("garbage, then an exit", func(t *testing.T) {
		r := begin(t, "garbage and exit")
		r.ends(3, "a message that makes no sense")
		if strings.Contains(r.stderr.String(), "\x1b") {
			t.Error("an escape sequence came through")
		}
	})
	t.Run("closed", func(t *testing.T) { begin(t, "closes").ends(exitTimeout, "before it closed") })
	t.Run("closed, then an exit", func(t *testing.T) { begin(t, "closes and exits").ends(4) })
	t.Run("flood", func(t *testing.T) { begin(t, "floods").ends(exitTimeout, "in the flood") })
	t.Run("not inherited", func(t *testing.T) {
		r := prepare(t, "descriptors")
		out, err := r.cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		if text := string(out); strings.Contains(text, "socket:") || strings.Contains(text, Marker) {
			t.Errorf("a program of the run sees the line to the parent:\n%s", text)
		}
	})
}

func TestParentKilled(t *testing.T) {
	r := begin(t, "unready")
	r.line()
	child := r.child()
	_ = r.cmd.Process.Kill()
	_ = r.cmd.Wait()
	await(t, "the child ends", func() bool { return !alive(child) })
}

func TestClosedStreams(t *testing.T) {
	r := prepare(t, "exit", "CODE=6")
	r.cmd.Args = []string{"sh", "-c", `exec "$0" exit <&- >&- 2>&-`, mustExe(t)}
	r.cmd.Path = "/bin/sh"
	r.ends2(6)
}

func mustExe(t *testing.T) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return exe
}

// ends2 starts and ends a run whose output nobody reads.
func (r *run) ends2(code int, texts ...string) {
	r.t.Helper()
	if err := r.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.ends(code, texts...)
}

func TestName(t *testing.T) {
	r := begin(t, "comm")
	if name := r.line(); name != "cortexlua" {
		t.Errorf("ps shows %q", name)
	}
	r.ends(0)
}

// TestManyRuns looks for what the runs leave in this process: descriptors, and
// children (the parent of a run ends, so nothing can be left there).
func TestManyRuns(t *testing.T) {
	count := func() int { fds, _ := os.ReadDir("/proc/self/fd"); return len(fds) }
	prepare(t, "exit", "CODE=0").ends2(0)
	before := count()
	for range 50 {
		prepare(t, "exit", "CODE=0").ends2(0)
	}
	if after := count(); after > before {
		t.Errorf("%d descriptors more", after-before)
	}
	if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); err != unix.ECHILD {
		t.Errorf("a child is left: %d, %v", pid, err)
	}
}
