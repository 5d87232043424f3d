package bindings

import (
	"os"
	"os/user"
	"path/filepath"
	"testing"

	"github.com/cortexlua/cortexlua/runtime"
)

// emptyRegistry is a registry without daemons, for tests that need none.
const emptyRegistry = `return { daemons = {} }`

// newHost makes a host for a fresh home, or for that of dir, with the text of a
// registry. The home, a temporary directory, is given back with its links
// resolved.
func newHost(t *testing.T, dir, registryText string) (*Host, string) {
	t.Helper()
	if dir == "" {
		dir = t.TempDir()
	}
	home, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	name := "tester"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	h := NewHost(Config{
		Home:     home,
		StateDir: filepath.Join(t.TempDir(), "state"),
		Path:     os.Getenv("PATH"),
		UserHome: home,
		User:     name,
		PID:      os.Getpid(),
		Registry: func() (runtime.Source, error) {
			return runtime.Source{Path: "registry.lua", Text: []byte(registryText)}, nil
		},
	})
	t.Cleanup(h.Close)
	return h, home
}

// run runs the text of a script with the permissions that it needs, and no
// others. The script's result is Value; a failure is Err.
func run(t *testing.T, h *Host, script string, needs ...runtime.Permission) runtime.Result {
	t.Helper()
	return runWith(t, h, runtime.Options{}, script, needs...)
}

// plan is run as a dry run.
func plan(t *testing.T, h *Host, script string, needs ...runtime.Permission) runtime.Result {
	t.Helper()
	return runWith(t, h, runtime.Options{DryRun: true}, script, needs...)
}

// runWith is run with options of its own; a script with a header is run as one.
func runWith(t *testing.T, h *Host, opts runtime.Options, script string, needs ...runtime.Permission) runtime.Result {
	t.Helper()
	opts.Modules, opts.Home = All(h), h.cfg.Home
	rb, err := runtime.Load(t.Context(), runtime.Source{Path: t.Name() + ".lua", Text: []byte(script)}, opts)
	if err != nil {
		t.Fatalf("the script does not load: %v", err)
	}
	return rb.Run(t.Context(), runtime.Order{
		Params:   map[string]any{},
		Operator: runtime.Layer{Name: "the test", Remedy: "give the test %s", Allow: needs},
	})
}

// value is the result of a run that must have worked.
func value(t *testing.T, res runtime.Result) any {
	t.Helper()
	if res.Err != nil {
		t.Fatalf("the script failed: kind %s: %v\n%v", res.Err.Kind, res.Err, res.Err.Trace)
	}
	return res.Value
}

// fails is the error of a run that must have failed with a kind.
func fails(t *testing.T, res runtime.Result, kind runtime.Kind) *runtime.Error {
	t.Helper()
	if res.Err == nil {
		t.Fatalf("the script succeeded with %v, want an error of kind %s", res.Value, kind)
	}
	if res.Err.Kind != kind {
		t.Fatalf("the error has kind %s, want %s: %v", res.Err.Kind, kind, res.Err)
	}
	return res.Err
}

// changes holds the number of recorded changes against want.
func changes(t *testing.T, res runtime.Result, want int) {
	t.Helper()
	if len(res.Changes) != want {
		t.Fatalf("%d changes were recorded, want %d: %+v", len(res.Changes), want, res.Changes)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// put writes a file of a test and the directories above it.
func put(t *testing.T, path, text string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, []byte(text), 0o644))
}

// text reads a file of a test; a missing one is "(absent)".
func text(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return "(absent)"
	}
	must(t, err)
	return string(data)
}

// observerFunc is an observer that is one function.
type observerFunc func(runtime.Event)

func (f observerFunc) Observe(e runtime.Event) { f(e) }
