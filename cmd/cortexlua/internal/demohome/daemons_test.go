package demohome_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cortexlua/cortexlua/cmd/cortexlua/internal/demohome"
)

func TestDaemonsLiveAndEndAsTheRegistrySays(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"coordinator", "heartbeat", "worker", "pm", "integration", "failure-pattern", "auto-fix", "metrics"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := build(t, demohome.Options{Daemons: []string{name}})
			d := daemon(t, h, name)
			r := start(t, h, name)
			waitFor(t, "ready", func() bool { return ready(t, h, d, r.began) })
			if log := read(h, d.Log); !strings.Contains(log, "started, release 1, pid "+strconv.Itoa(r.pid())) {
				t.Errorf("the log does not tell release and pid:\n%s", log)
			}
			checkPIDFile(t, h, d, r)
			r.signalGroup(t, syscall.SIGTERM)
			if code := r.end(t); code != 0 {
				t.Errorf("exit code %d on TERM, want 0", code)
			}
			nothingLeft(t, h)
			if exists(h, d.PIDFile) {
				t.Errorf("%s is left", d.PIDFile)
			}
			log := read(h, d.Log)
			if !strings.HasSuffix(log, "stopped\n") {
				t.Errorf("the log does not end with \"stopped\":\n%s", log)
			}
			checkStdout(t, d, r.stdout.String(), log)
		})
	}
}

// checkStdout: what a daemon says on stdout is in its log too, or it says nothing.
func checkStdout(t *testing.T, d demohome.Daemon, stdout, log string) {
	t.Helper()
	if d.LogsByItself == (stdout == "") {
		t.Errorf("on stdout: %q", stdout)
	}
	for line := range strings.Lines(stdout) {
		if !strings.Contains(log, line) {
			t.Errorf("on stdout but not in the log: %s", line)
		}
	}
}

// checkPIDFile also starts a second instance of those that keep their own pidfile.
func checkPIDFile(t *testing.T, h *demohome.Home, d demohome.Daemon, first *running) {
	t.Helper()
	if !d.WritesPID {
		if exists(h, d.PIDFile) {
			t.Errorf("%s is there, but is the manager's to write", d.PIDFile)
		}
		return
	}
	want := strconv.Itoa(first.pid()) + "\n"
	if got := read(h, d.PIDFile); got != want {
		t.Errorf("%s holds %q, want %q", d.PIDFile, got, want)
	}
	if code := start(t, h, d.Name).end(t); code != 1 {
		t.Errorf("a second instance ended with %d, want 1", code)
	}
	if got := read(h, d.PIDFile); got != want {
		t.Errorf("the second instance changed %s to %q", d.PIDFile, got)
	}
}

// ready judges by the registry's probe: the log, or the time in the state file.
func ready(t *testing.T, h *demohome.Home, d demohome.Daemon, since time.Time) bool {
	t.Helper()
	switch {
	case d.Ready.Alive:
		return strings.Contains(read(h, d.Log), "waiting")
	case d.Ready.Log != "":
		return regexp.MustCompile(d.Ready.Log).MatchString(read(h, d.Log))
	}
	beat, ok := heartbeat(t, h, d)
	return ok && !beat.Before(since.Truncate(time.Second))
}

func heartbeat(t *testing.T, h *demohome.Home, d demohome.Daemon) (time.Time, bool) {
	t.Helper()
	content := read(h, d.Ready.File)
	if content == "" {
		return time.Time{}, false
	}
	var value any
	if err := json.Unmarshal([]byte(content), &value); err != nil {
		t.Fatalf("%s: %v", d.Ready.File, err)
	}
	for _, key := range strings.Split(strings.TrimPrefix(d.Ready.JSON, "."), ".") {
		value = value.(map[string]any)[key]
	}
	text, _ := value.(string)
	beat, err := time.Parse("2006-01-02T15:04:05Z0700", text)
	return beat, err == nil
}

func TestStateFilesKeepTheirShapeAndStayFresh(t *testing.T) {
	t.Parallel()
	h := build(t, demohome.Options{Daemons: []string{"pm", "failure-pattern", "metrics"}})
	var before, after map[string]any
	mustDecode(t, read(h, "coordination/pm-state.json"), &before)
	pm, pattern, metrics := start(t, h, "pm", "PM_DRAIN_SECONDS=0"), start(t, h, "failure-pattern"), start(t, h, "metrics")

	var first time.Time
	waitFor(t, "a first loop of pm", func() bool {
		first, _ = heartbeat(t, h, daemon(t, h, "pm"))
		return !first.Before(pm.began.Truncate(time.Second))
	})
	waitFor(t, "a later loop of pm", func() bool {
		later, ok := heartbeat(t, h, daemon(t, h, "pm"))
		return ok && later.After(first)
	})
	mustDecode(t, read(h, "coordination/pm-state.json"), &after)
	if got := after["pm_daemon"].(map[string]any); got["pid"] != float64(pm.pid()) || got["note"] == nil {
		t.Errorf("pm_daemon became %v", got)
	}
	if len(after["monitored_workers"].(map[string]any)) != len(before["monitored_workers"].(map[string]any)) {
		t.Error("pm lost the workers that it monitors")
	}

	waitFor(t, "a time stamp with Z", func() bool {
		return regexp.MustCompile(`"timestamp":"[0-9T:-]+Z"`).MatchString(read(h, "coordination/metrics/failure-pattern-metrics.json"))
	})
	waitFor(t, "a snapshot with an epoch", func() bool {
		snapshots, _ := filepath.Glob(filepath.Join(h.Dir, "coordination/history/hourly/*Z.json"))
		if len(snapshots) == 0 {
			return false
		}
		content, _ := os.ReadFile(snapshots[0])
		return regexp.MustCompile(`"timestamp":\d{10},`).Match(content)
	})
	for _, r := range []*running{pm, pattern, metrics} {
		r.signalGroup(t, syscall.SIGTERM)
		if code := r.end(t); code != 0 {
			t.Errorf("%s: exit code %d", r.cmd.Args[0], code)
		}
	}
	nothingLeft(t, h)
}

func mustDecode(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatal(err)
	}
}

func TestPMDrainsForThreeSeconds(t *testing.T) {
	t.Parallel()
	h := build(t, demohome.Options{Daemons: []string{"pm"}})
	r := start(t, h, "pm")
	waitFor(t, "running", func() bool { return strings.Contains(read(h, "agents/logs/system/pm-daemon.log"), "loop 1 done") })
	asked := time.Now()
	r.signalGroup(t, syscall.SIGTERM)
	waitFor(t, "draining", func() bool { return strings.Contains(read(h, "agents/logs/system/pm-daemon.log"), "draining") })
	r.signalGroup(t, syscall.SIGTERM) // impatience changes nothing
	if !exists(h, "run/pm-daemon.pid") {
		t.Error("the pidfile was gone before the daemon")
	}
	if code := r.end(t); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	if took := time.Since(asked); took < 2900*time.Millisecond {
		t.Errorf("drained for %s only", took)
	}
	nothingLeft(t, h)
}

func TestWorkerHelpersAreInItsGroup(t *testing.T) {
	t.Parallel()
	h := build(t, demohome.Options{Daemons: []string{"worker"}})
	r := start(t, h, "worker")
	waitFor(t, "the helpers", func() bool {
		live, err := h.Processes()
		if err != nil {
			t.Fatal(err)
		}
		helpers := 0
		for _, p := range live {
			if p.Group != r.pid() || !p.Daemon {
				t.Fatalf("not in the worker's group: %+v", p)
			}
			if p.Parent == r.pid() && strings.Contains(p.Command, "worker-daemon.sh") {
				helpers++
			}
		}
		return helpers == 2
	})
	if err := h.Remove(); err == nil || !strings.Contains(err.Error(), strconv.Itoa(r.pid())) {
		t.Errorf("removed under a live daemon: %v", err)
	}
	r.signalGroup(t, syscall.SIGTERM)
	r.end(t)
	nothingLeft(t, h)
}

// A signal to the daemon alone must not wait for the end of its sleep, nor leave that behind.
func TestSignalToTheLeaderAloneEndsItAtOnce(t *testing.T) {
	t.Parallel()
	h := build(t, demohome.Options{Daemons: []string{"worker", "heartbeat"}, Period: time.Hour})
	for _, name := range []string{"worker", "heartbeat"} {
		r := start(t, h, name)
		d := daemon(t, h, name)
		// A subshell that has not set its traps yet can lose the signal: wait until
		// the daemon and its two helpers, or the daemon alone, are asleep.
		asleep := map[string]int{"worker": 3, "heartbeat": 1}[name]
		waitFor(t, d.Name+" asleep", func() bool { return sleepers(t, h) >= asleep })
		if err := syscall.Kill(r.pid(), syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if code := r.end(t); code != 0 {
			t.Errorf("%s: exit code %d, want 0", name, code)
		}
	}
	nothingLeft(t, h)
}

// sleepers counts the sleep commands of a home.
func sleepers(t *testing.T, h *demohome.Home) (n int) {
	t.Helper()
	list, err := h.Processes()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range list {
		if strings.HasPrefix(p.Command, "sleep ") {
			n++
		}
	}
	return n
}

// The signal may hit while a command of the daemon runs; that must be an orderly end too.
func TestSignalInTheMiddleOfWork(t *testing.T) {
	t.Parallel()
	h := build(t, demohome.Options{Daemons: []string{"heartbeat"}, Period: time.Millisecond})
	d := daemon(t, h, "heartbeat")
	for range 25 {
		r := start(t, h, "heartbeat")
		waitFor(t, "the pidfile", func() bool { return exists(h, d.PIDFile) })
		r.signalGroup(t, syscall.SIGTERM)
		if code := r.end(t); code != 0 {
			t.Fatalf("exit code %d, want 0; log:\n%s", code, read(h, d.Log))
		}
		if exists(h, d.PIDFile) {
			t.Fatal("the pidfile is left")
		}
	}
	parts, _ := filepath.Glob(filepath.Join(h.Dir, "coordination/metrics/*.part.*"))
	if len(parts) > 0 {
		t.Errorf("half-written files are left: %v", parts)
	}
	nothingLeft(t, h)
}

func TestDaemonTakesOverAStalePIDFile(t *testing.T) {
	t.Parallel()
	h := build(t, demohome.Options{Daemons: []string{"heartbeat"}})
	d := daemon(t, h, "heartbeat")
	for _, stale := range []string{"", "0\n", "-1\n", "4194305\n", "nonsense\n"} {
		if err := os.WriteFile(filepath.Join(h.Dir, d.PIDFile), []byte(stale), 0o644); err != nil {
			t.Fatal(err)
		}
		r := start(t, h, "heartbeat")
		waitFor(t, "its own pid in the pidfile", func() bool { return read(h, d.PIDFile) == strconv.Itoa(r.pid())+"\n" })
		r.signalGroup(t, syscall.SIGTERM)
		r.end(t)
	}
	nothingLeft(t, h)
}

func TestTinyDaemons(t *testing.T) {
	t.Parallel()
	h := build(t, demohome.Options{Count: 2, Prefix: "bench-"})
	if len(h.Daemons) != 2 || h.Daemons[1].Name != "bench-002" {
		t.Fatalf("daemons: %+v", h.Daemons)
	}
	for _, d := range h.Daemons {
		r := start(t, h, d.Name)
		waitFor(t, "ready", func() bool { return exists(h, d.Ready.File) })
		if took := time.Since(r.began); took < 50*time.Millisecond {
			t.Errorf("ready after %s", took)
		}
		// A shell in the middle of a fork can lose its child to the signal.
		waitFor(t, "asleep", func() bool { return sleepers(t, h) == 1 })
		asked := time.Now()
		r.signalGroup(t, syscall.SIGTERM)
		if code := r.end(t); code != 0 {
			t.Errorf("exit code %d, want 0", code)
		}
		if took := time.Since(asked); took < 50*time.Millisecond {
			t.Errorf("gone after %s", took)
		}
		if exists(h, d.Ready.File) {
			t.Error("still marked as ready")
		}
	}
	nothingLeft(t, h)
}
