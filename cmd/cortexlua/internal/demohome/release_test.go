package demohome_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cortexlua/cortexlua/cmd/cortexlua/internal/demohome"
)

func TestRepositoryIsCleanAndOnMain(t *testing.T) {
	t.Parallel()
	h := build(t, demohome.Options{})
	if status := git(t, h, "status", "--porcelain", "--branch"); status != "## main...origin/main" {
		t.Errorf("git status: %s", status)
	}
	if log := git(t, h, "log", "--format=%s"); log != "release 1" {
		t.Errorf("git log: %s", log)
	}
	for _, name := range []string{"README.md", "scripts/worker-daemon.sh", "coordination/config/system.json", "coordination/schemas/task-queue.schema.json"} {
		git(t, h, "ls-files", "--error-unmatch", name)
	}
	for _, name := range []string{"coordination/task-queue.json", "agents/logs/system/x.log", "run/x.pid", ".cortexlua/registry.lua", "backups/x", "origin.git/HEAD"} {
		git(t, h, "check-ignore", name)
	}
}

func TestReleasesAreTheSameOnEveryMachine(t *testing.T) {
	t.Setenv("GIT_AUTHOR_DATE", "2001-01-01T00:00:00")
	t.Setenv("GIT_DIR", "/nonexistent")
	t.Setenv("HOME", t.TempDir())
	first := build(t, demohome.Options{Publish: []demohome.Kind{demohome.Good, demohome.Bad}})
	second := build(t, demohome.Options{})
	if _, err := second.Publish(t.Context(), demohome.Good); err != nil {
		t.Fatal(err)
	}
	bad, err := second.Publish(t.Context(), demohome.Bad)
	if err != nil {
		t.Fatal(err)
	}
	content := func(h *demohome.Home) string { return strings.TrimSpace(read(h, "origin.git/refs/heads/main")) }
	if bad.Number != 3 || content(first) != bad.Commit || content(second) != bad.Commit {
		t.Errorf("release %+v, but origins are at %s and %s", bad, content(first), content(second))
	}
}

func TestGoodReleaseAddsFilesAndRuns(t *testing.T) {
	t.Parallel()
	h := build(t, demohome.Options{Daemons: []string{"worker"}})
	release := upgrade(t, h, demohome.Good)
	if got := git(t, h, "rev-parse", "HEAD"); got != release.Commit || release.Number != 2 {
		t.Errorf("release %+v, HEAD is %s", release, got)
	}
	added := git(t, h, "diff", "--name-only", "--diff-filter=A", "HEAD~1")
	if added != "coordination/config/heartbeat-policy.json\nscripts/lib/retry.sh" {
		t.Errorf("added: %s", added)
	}
	checkLog(t, h, "worker", "release 2", "at most 3 tries")
}

func checkLog(t *testing.T, h *demohome.Home, name string, want ...string) {
	t.Helper()
	d := daemon(t, h, name)
	r := start(t, h, name)
	for _, text := range want {
		waitFor(t, text+" in the log", func() bool { return strings.Contains(read(h, d.Log), text) })
	}
	r.signalGroup(t, 15)
	if code := r.end(t); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	nothingLeft(t, h)
}

func TestBadReleaseDiesAfterTwoSeconds(t *testing.T) {
	t.Parallel()
	h := build(t, demohome.Options{Daemons: []string{"worker"}})
	upgrade(t, h, demohome.Bad)
	r := start(t, h, "worker")
	if code := r.end(t); code != 3 {
		t.Errorf("exit code %d, want 3", code)
	}
	if lived := time.Since(r.began); lived < 2*time.Second {
		t.Errorf("lived for %s only", lived)
	}
	if log := read(h, "agents/logs/system/worker-daemon.log"); !strings.HasSuffix(log, "FATAL: cannot read the worker pool: unexpected end of input\n") {
		t.Errorf("log:\n%s", log)
	}
	if !exists(h, "run/commit-relay-worker-daemon.pid") {
		t.Error("a crash must leave the pidfile")
	}
	left, err := h.Kill(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	helpers := 0
	for _, p := range left {
		if strings.Contains(p.Command, "worker-daemon.sh") && p.Group == r.pid() {
			helpers++
		}
	}
	if helpers != 2 {
		t.Errorf("a crash must leave the two helpers in the group, found %+v", left)
	}
	nothingLeft(t, h)
	upgrade(t, h, demohome.Good) // which mends it
	checkLog(t, h, "worker", "release 3", "at most 3 tries")
}

func TestSlowReleaseNeedsFourSeconds(t *testing.T) {
	t.Parallel()
	h := build(t, demohome.Options{Daemons: []string{"coordinator"}})
	upgrade(t, h, demohome.Slow)
	began := time.Now()
	checkLog(t, h, "coordinator", "tasks pending")
	if took := time.Since(began); took < 4*time.Second {
		t.Errorf("ready after %s", took)
	}
}

func TestSyntaxReleaseBreaksOneScript(t *testing.T) {
	t.Parallel()
	h := build(t, demohome.Options{})
	upgrade(t, h, demohome.Syntax)
	var broken []string
	for _, d := range h.Daemons {
		if exec.Command("sh", "-n", filepath.Join(h.Dir, d.Command[0])).Run() != nil {
			broken = append(broken, d.Name)
		}
	}
	if len(broken) != 1 || broken[0] != "metrics" {
		t.Errorf("broken: %v, want metrics only", broken)
	}
}

func TestReleaseThatRemovesAScript(t *testing.T) {
	t.Parallel()
	h := build(t, demohome.Options{})
	upgrade(t, h, demohome.RemovesScript)
	if removed := git(t, h, "diff", "--name-only", "--diff-filter=D", "HEAD~1"); removed != "scripts/daemons/failure-pattern-daemon.sh" {
		t.Errorf("removed: %s", removed)
	}
}

func TestDivergedReleaseIsNoFastForward(t *testing.T) {
	t.Parallel()
	h := build(t, demohome.Options{})
	upgrade(t, h, demohome.Good)
	if release, err := h.Publish(t.Context(), demohome.Diverge); err != nil || release.Number != 3 {
		t.Fatalf("%+v, %v", release, err)
	}
	git(t, h, "fetch", "--quiet")
	cmd := exec.Command("git", "merge", "--ff-only", "origin/main")
	cmd.Dir = h.Dir
	if output, err := cmd.CombinedOutput(); err == nil {
		t.Errorf("fast-forwarded: %s", output)
	}
	if _, err := h.Publish(t.Context(), "splendid"); err == nil || !strings.Contains(err.Error(), "use one of good, bad") {
		t.Errorf("unknown kind: %v", err)
	}
}
