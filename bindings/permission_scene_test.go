package bindings

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cortexlua/cortexlua/bindings/internal/lockfile"
	"github.com/cortexlua/cortexlua/bindings/internal/proc"
	"github.com/cortexlua/cortexlua/runtime"
)

// scene is a home with something of everything, and a process to be signalled.
type scene struct {
	h      *Host
	home   string
	victim *exec.Cmd
	proc   *process
}

// newScene makes the home; with a repository only where one is needed, since that
// takes most of the time.
func newScene(t *testing.T, withGit bool) *scene {
	t.Helper()
	s := &scene{}
	dir := ""
	if withGit {
		dir = fetched(t).home
	}
	s.h, s.home = newHost(t, dir, `return {
		roots = { elsewhere = "other/place" },
		daemons = { { name = "worker", command = { "./worker.sh" }, pidfile = { path = "run/worker.pid" }, log = "agents/logs/worker.log" } },
	}`)
	s.h.cfg.ConfigDir = s.home + "/.cortexlua"
	for path, text := range map[string]string{
		".cortexlua/registry.lua": "return {}\n",
		"notes.txt":               "notes\n", "data.json": `{"a":1}`, "dir/inner.txt": "inner\n", "run/worker.pid": "4711\n", "worker.sh": "#!/bin/sh\nexec sleep 60\n",
		"agents/logs/worker.log": "line\n", "backups/.keep": "", "other/place/.keep": "",
	} {
		put(t, filepath.Join(s.home, path), text)
	}
	must(t, os.Chmod(s.home+"/worker.sh", 0o755))
	value(t, run(t, s.h, `archive.create("backups/a.tar.gz", { sources = { { name = "dir", dir = "dir" } } })`, runtime.FSRead, runtime.FSWrite))
	put(t, s.home+"/dir/inner.txt", "changed since the backup\n")

	s.victim = exec.Command("sleep", "60")
	must(t, s.victim.Start())
	t.Cleanup(func() {
		_ = s.victim.Process.Kill()
		_ = s.victim.Wait()
		for _, p := range s.h.children.byID {
			if _, err := s.h.stop(context.Background(), p, "KILL", time.Second); err != nil {
				t.Errorf("cannot end what the test left: %v", err)
			}
		}
	})
	id, err := proc.IdentityOf(s.victim.Process.Pid)
	must(t, err)
	s.proc = &process{name: "worker", id: id}
	return s
}

// handles gives scripts the handles that primitives take, without a permission.
func (s *scene) handles(t *testing.T) runtime.Module {
	return runtime.Module{Name: "given", Doc: "Handles.", Funcs: []runtime.Func{
		runtime.Query("process", "Gives a process.", func(context.Context, *runtime.Call, struct{}) (Process, error) {
			return newProcess(s.proc), nil
		}),
		runtime.Query("lock", "Gives a held lock.", func(context.Context, *runtime.Call, struct{}) (Lock, error) {
			l, err := lockfile.Try(filepath.Join(t.TempDir(), "x.lock"), lockfile.Info{})
			return Lock{Name: "x", l: &heldLock{lock: l}}, err
		}),
	}}
}

// attempt runs a call under the layers of an order; with needs not nil, as a
// runbook whose header asks for them.
func (s *scene) attempt(t *testing.T, line string, needs []runtime.Permission, dryRun bool, o runtime.Order) *runtime.Error {
	t.Helper()
	text := line
	if needs != nil {
		quoted := make([]string, len(needs))
		for i, p := range needs {
			quoted[i] = fmt.Sprintf("%q", string(p))
		}
		text = fmt.Sprintf(`local runbook = { define = function(h) return h end }
return runbook.define({ name = "asks", summary = "Asks.", risk = "safe", needs = { %s }, run = function(run) %s end })`, strings.Join(quoted, ", "), line)
	}
	rb, err := runtime.Load(t.Context(), runtime.Source{Path: "asks.lua", Text: []byte(text)},
		runtime.Options{Modules: append(All(s.h), s.handles(t)), Home: s.home, DryRun: dryRun})
	if err != nil {
		t.Fatalf("%s does not load: %v", line, err)
	}
	o.Params = map[string]any{}
	if o.Operator.Name == "" {
		o.Operator = runtime.Layer{Name: "the test", Remedy: "give the test %s", Allow: runtime.Everything()}
	}
	return rb.Run(t.Context(), o).Err
}

// snapshot is all that a refused primitive must leave as it is: the files of the
// home and of the state folder, and the children of this process.
func (s *scene) snapshot(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, dir := range []string{s.home, s.h.cfg.StateDir} {
		_ = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil {
				return nil
			}
			info, err := e.Info()
			must(t, err)
			sum := ""
			if info.Mode().IsRegular() {
				data, err := os.ReadFile(path)
				must(t, err)
				sum = fmt.Sprintf("%x", sha256.Sum256(data))
			}
			out[path] = fmt.Sprint(info.Mode(), " ", sum)
			return nil
		})
	}
	tasks, err := filepath.Glob("/proc/self/task/*/children")
	must(t, err)
	for _, task := range tasks {
		data, _ := os.ReadFile(task)
		for _, pid := range strings.Fields(string(data)) {
			out["process "+pid] = "runs"
		}
	}
	return out
}

func changed(before, after map[string]string) []string {
	var out []string
	for k, v := range before {
		if after[k] != v {
			out = append(out, k+": "+v+" -> "+after[k])
		}
	}
	for k := range after {
		if _, ok := before[k]; !ok {
			out = append(out, "new: "+k)
		}
	}
	slices.Sort(out)
	return out
}
