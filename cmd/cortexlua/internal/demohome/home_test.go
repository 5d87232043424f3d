package demohome_test

import (
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cortexlua/cortexlua/cmd/cortexlua/internal/demohome"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestRegistryFile(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string]demohome.Options{
		"registry.golden.lua":      {},
		"registry-some.golden.lua": {Daemons: []string{"worker", "metrics"}, Period: 500 * time.Millisecond, Count: 1},
	} {
		h := build(t, opts)
		content, err := os.ReadFile(h.RegistryPath)
		if err != nil {
			t.Fatal(err)
		}
		got := strings.ReplaceAll(string(content), h.Dir, "/srv/cortex")
		golden := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("the registry is not as in %s (go test -update writes it anew):\n%s", golden, got)
		}
	}
}

func TestScriptsAreSound(t *testing.T) {
	t.Parallel()
	h := build(t, demohome.Options{})
	for _, kind := range []demohome.Kind{"", demohome.Good, demohome.Bad, demohome.Slow} {
		if kind != "" {
			upgrade(t, h, kind)
		}
		var scripts []string
		err := filepath.WalkDir(filepath.Join(h.Dir, "scripts"), func(name string, entry fs.DirEntry, err error) error {
			if strings.HasSuffix(name, ".sh") {
				scripts = append(scripts, name)
			}
			return err
		})
		if err != nil || len(scripts) < 10 {
			t.Fatalf("%d scripts, %v", len(scripts), err)
		}
		for _, script := range scripts {
			if output, err := exec.Command("sh", "-n", script).CombinedOutput(); err != nil {
				t.Errorf("%s", output)
			}
		}
		if _, err := exec.LookPath("shellcheck"); err != nil {
			continue
		}
		if output, err := exec.Command("shellcheck", append([]string{"-s", "sh", "-x", "-S", "warning"}, scripts...)...).CombinedOutput(); err != nil {
			t.Errorf("release %q:\n%s", kind, output)
		}
	}
	for _, d := range h.Daemons {
		info, err := os.Stat(filepath.Join(h.Dir, d.Command[0]))
		if err != nil || info.Mode()&0o100 == 0 {
			t.Errorf("%s cannot be executed: %v", d.Command[0], err)
		}
	}
}

func TestBuildRefuses(t *testing.T) {
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "precious"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name, dir, want string
		opts            demohome.Options
	}{
		{"a directory with files", full, "is not empty", demohome.Options{}},
		{"an unknown daemon", t.TempDir(), `unknown daemon "wroker"`, demohome.Options{Daemons: []string{"wroker"}}},
		{"a negative period", t.TempDir(), "negative", demohome.Options{Period: -time.Second}},
		{"an unknown kind", t.TempDir(), `unknown kind "splendid"`, demohome.Options{Publish: []demohome.Kind{"splendid"}}},
	}
	for _, c := range cases {
		if _, err := demohome.Build(t.Context(), c.dir, c.opts); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := os.Stat(filepath.Join(full, "precious")); err != nil {
		t.Errorf("a refused directory was touched: %v", err)
	}
	if _, err := os.Stat(cases[3].dir); err == nil {
		t.Error("a failed build left its directory")
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := demohome.Build(t.Context(), t.TempDir(), demohome.Options{}); err == nil || !strings.Contains(err.Error(), "not found on PATH: git, cat") {
		t.Errorf("without git: %v", err)
	}
}

// critical counts the critical tasks that are not final, as the gate has to.
func critical(t *testing.T, content string) int {
	t.Helper()
	var queue struct {
		Tasks []struct{ Priority, Status string }
	}
	if err := json.Unmarshal([]byte(content), &queue); err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, task := range queue.Tasks {
		switch task.Status {
		case "completed", "failed", "cancelled", "pending":
		default:
			if task.Priority == "critical" {
				count++
			}
		}
	}
	return count
}

func TestQueue(t *testing.T) {
	t.Parallel()
	h := build(t, demohome.Options{})
	const queue = "coordination/task-queue.json"
	shipped := read(h, queue)
	if got := critical(t, shipped); got != 0 {
		t.Errorf("the shipped queue has %d critical tasks in flight", got)
	}
	for _, status := range []string{"worker_spawned", "completed"} {
		if err := h.AddCriticalTask(status); err != nil {
			t.Fatal(err)
		}
		if got := critical(t, read(h, queue)); got != 1 {
			t.Errorf("%d critical tasks in flight after one %s, want 1", got, status)
		}
	}
	for _, fault := range []demohome.QueueFault{demohome.QueueTruncated, demohome.QueueEmpty, demohome.QueueBareTask, demohome.QueueJunkTasks, demohome.QueueMissing} {
		if err := h.CorruptQueue(fault); err != nil {
			t.Fatal(err)
		}
		if usable(read(h, queue)) {
			t.Errorf("%s: still a queue: %s", fault, read(h, queue))
		}
	}
	if err := h.RestoreQueue(); err != nil || read(h, queue) != shipped {
		t.Errorf("not restored: %v", err)
	}
	if status := git(t, h, "status", "--porcelain"); status != "" {
		t.Errorf("git status: %s", status)
	}
}

func usable(content string) bool {
	var queue struct{ Tasks []map[string]any }
	return json.Unmarshal([]byte(content), &queue) == nil && queue.Tasks != nil && queue.Tasks[0] != nil
}

// The other real queue, of 100 tasks: 15 critical ones are in flight, though none
// has the status in_progress that the old gate looked for.
func TestQueueOfHundred(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("testdata/task-queue.100.json")
	if err != nil {
		t.Fatal(err)
	}
	if got := critical(t, string(content)); got != 15 {
		t.Errorf("%d critical tasks in flight, want 15", got)
	}
	if strings.Contains(string(content), `"status": "in_progress"`) {
		t.Error("a task is in_progress")
	}
}
