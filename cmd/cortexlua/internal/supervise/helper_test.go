package supervise

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The tests run this test binary: as a parent (roleVar is "parent"), which starts
// it again as a child, which plays the scene named by its first argument; and as
// programs that scenes start (roleVar is "program").
const (
	roleVar = "SUPERVISE_TEST_ROLE"
	runVar  = "SUPERVISE_TEST_RUN" // a value that all processes of one run carry
)

func TestMain(m *testing.M) {
	switch role := os.Getenv(roleVar); {
	case role == "program":
		programs[os.Args[1]]()
		os.Exit(0)
	case Supervised():
		play(os.Args[1])
	case role == "parent":
		Parent(parentOptions())
	}
	os.Exit(m.Run())
}

func parentOptions() Options {
	o := Options{Args: os.Args, Env: os.Environ(), Stderr: os.Stderr}
	if text := os.Getenv("SUPERVISE_TEST_STARTUP"); text != "" {
		o.Startup, _ = time.ParseDuration(text)
	}
	return o
}

func play(name string) {
	scene, ok := scenes[name]
	if !ok {
		fmt.Fprintln(os.Stderr, "no scene", name)
		os.Exit(99)
	}
	scene(Attach())
	os.Exit(0)
}

// run is one supervised run under test.
type run struct {
	t      *testing.T
	cmd    *exec.Cmd
	id     string
	out    *bufio.Reader
	stderr bytes.Buffer
}

func prepare(t *testing.T, scene string, env ...string) *run {
	t.Helper()
	r := &run{t: t, cmd: exec.Command("/proc/self/exe", scene), id: rand.Text()}
	r.cmd.Env = append(os.Environ(), append(env, roleVar+"=parent", runVar+"="+r.id,
		"GORACE=atexit_sleep_ms=0")...) // the race detector lingers for a second by default
	r.cmd.Stderr = &r.stderr
	r.cmd.SysProcAttr = &unix.SysProcAttr{Setpgid: true}
	t.Cleanup(func() {
		for _, pid := range r.processes() {
			_ = unix.Kill(pid, unix.SIGKILL)
		}
	})
	return r
}

// begin starts a run with standard output in our hands.
func begin(t *testing.T, scene string, env ...string) *run {
	t.Helper()
	r := prepare(t, scene, env...)
	pipe, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	r.out = bufio.NewReader(pipe)
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return r
}

// line gives the next line that the child writes.
func (r *run) line() string {
	r.t.Helper()
	text, err := r.out.ReadString('\n')
	if err != nil {
		_ = r.cmd.Wait()
		r.t.Fatalf("the run wrote nothing more: %v\n%s", err, r.stderr.String())
	}
	return strings.TrimSpace(text)
}

// number gives the next line, which is one.
func (r *run) number() int {
	r.t.Helper()
	n, err := strconv.Atoi(r.line())
	if err != nil {
		r.t.Fatal(err)
	}
	return n
}

// ends waits for the end, and wants an exit code and a text on standard error, and
// no process left.
func (r *run) ends(code int, texts ...string) {
	r.t.Helper()
	if r.out != nil {
		_, _ = io.Copy(io.Discard, r.out)
	}
	_ = r.cmd.Wait()
	if got := r.cmd.ProcessState.ExitCode(); got != code {
		r.t.Errorf("exit code %d, want %d\n%s", got, code, r.stderr.String())
	}
	for _, text := range texts {
		if !strings.Contains(r.stderr.String(), text) {
			r.t.Errorf("standard error does not say %q:\n%s", text, r.stderr.String())
		}
	}
	if left := r.processes(); len(left) > 0 {
		r.t.Errorf("processes are left: %v", left)
	}
}

// processes are the live ones that carry the mark of the run.
func (r *run) processes() []int {
	var pids []int
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		p, ok := inspect(pid)
		if ok && !p.dead && bytes.Contains(p.environment(), []byte("\x00"+runVar+"="+r.id+"\x00")) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// child is the pid of the supervised child.
func (r *run) child() int {
	r.t.Helper()
	for _, pid := range r.processes() {
		if p, _ := inspect(pid); p.parent == r.cmd.Process.Pid {
			return pid
		}
	}
	r.t.Fatal("the run has no child")
	return 0
}

// await polls until ok, for at most 20 s.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for start := time.Now(); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Since(start) > 20*time.Second {
			t.Fatalf("waited 20 s in vain: %s", what)
		}
	}
}

func alive(pid int) bool {
	p, ok := inspect(pid)
	return ok && !p.dead
}
