package probes

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cortexlua/cortexlua/bindings/internal/files"
	"github.com/cortexlua/cortexlua/bindings/internal/jsonq"
)

func TestFileNewerThanTheStart(t *testing.T) {
	roots, dir := tempRoots(t)
	path := filepath.Join(dir, "state.json")
	start := time.Now()
	probe := &File{Roots: roots, Path: path, Since: start}
	want(t, "no file", probe.Check(testContext(t)), "no such file")
	write(t, path, "{}")
	want(t, "a file just written", probe.Check(testContext(t)), "")
	old := start.Add(-time.Second)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	want(t, "an old file", probe.Check(testContext(t)), "was not written since")
	want(t, "any age", (&File{Roots: roots, Path: path}).Check(testContext(t)), "")
	want(t, "fresh enough", (&File{Roots: roots, Path: path, Fresh: time.Hour}).Check(testContext(t)), "")
	want(t, "not fresh enough", (&File{Roots: roots, Path: path, Fresh: time.Millisecond}).Check(testContext(t)), "old and may be 1ms")
}

func TestFileWaitsForTheFile(t *testing.T) {
	roots, dir := tempRoots(t)
	path := filepath.Join(dir, "deep", "state.json") // the directory comes later too
	time.AfterFunc(20*time.Millisecond, func() { write(t, path, "{}") })
	started := time.Now()
	want(t, "a new file", Wait(testContext(t), &File{Roots: roots, Path: path, Since: started}, Options{}), "")
	// A replacement by rename is how careful daemons write.
	again := time.Now().Add(20 * time.Millisecond)
	time.AfterFunc(60*time.Millisecond, func() {
		write(t, path+".tmp", "{}")
		_ = os.Rename(path+".tmp", path)
	})
	want(t, "a replaced file", Wait(testContext(t), &File{Roots: roots, Path: path, Since: again}, Options{}), "")
}

func TestFileThatDoesNotCome(t *testing.T) {
	roots, dir := tempRoots(t)
	probe := &File{Roots: roots, Path: filepath.Join(dir, "state.json"), Since: time.Now()}
	err := Wait(testContext(t), probe, Options{Timeout: 30 * time.Millisecond})
	want(t, "a timeout", err, "state.json: no such file")
	died := make(chan struct{})
	time.AfterFunc(10*time.Millisecond, func() { close(died) })
	if err := Wait(testContext(t), probe, Options{Died: died}); !errors.Is(err, ErrDied) {
		t.Errorf("the process dies: %v", err)
	}
}

func TestFileWithATimeInside(t *testing.T) {
	roots, dir := tempRoots(t)
	path := filepath.Join(dir, "pm-state.json")
	engine := jsonq.New()
	start := time.Now().Add(-500 * time.Millisecond)
	zone := time.FixedZone("", -6*3600)
	for _, c := range []struct {
		name, content, text string
		fresh               time.Duration
	}{
		{"date +%z", start.In(zone).Format(`{"at":"2006-01-02T15:04:05-0700"}`), "", time.Minute},
		{"seconds", fmt.Sprintf(`{"at":%d}`, start.Unix()), "", time.Minute},
		{"the second of the start", start.Format(`{"at":"2006-01-02T15:04:05Z07:00"}`), "", 0},
		{"before the start", start.Add(-2 * time.Second).Format(`{"at":"2006-01-02T15:04:05Z07:00"}`), "before", 0},
		{"stale", start.Add(-time.Hour).Format(`{"at":"2006-01-02T15:04:05Z07:00"}`), "old and may be 1m0s", time.Minute},
		{"the future", start.Add(time.Hour).Format(`{"at":"2006-01-02T15:04:05Z07:00"}`), "in the future", time.Minute},
		{"not a time", `{"at":"soon"}`, "cannot read \"soon\" as a time", time.Minute},
		{"no such key", `{}`, "cannot read null as a time", time.Minute},
		{"half written", `{"at":"2025-`, "cut off", time.Minute},
		{"empty", ``, "empty", time.Minute},
		{"another shape", `[1]`, "failed", time.Minute},
	} {
		write(t, path, c.content)
		probe := &File{Roots: roots, Path: path, Since: start, JSON: ".at", Engine: engine, Fresh: c.fresh,
			Now: func() time.Time { return start.Add(time.Second) }}
		want(t, c.name, probe.Check(testContext(t)), c.text)
	}
}

func TestFileThatIsSomethingElse(t *testing.T) {
	roots, dir := tempRoots(t)
	outside := filepath.Join(t.TempDir(), "secret.json")
	write(t, outside, `{"at":1}`)
	if err := os.Symlink(outside, filepath.Join(dir, "link.json")); err != nil {
		t.Fatal(err)
	}
	var oe *files.OutsideError
	probe := &File{Roots: roots, Path: filepath.Join(dir, "link.json"), JSON: ".at", Engine: jsonq.New()}
	if err := probe.Check(testContext(t)); !errors.As(err, &oe) {
		t.Errorf("a link that leads out: %v", err)
	}
	probe.Path = dir
	want(t, "a directory", probe.Check(testContext(t)), "directory")
}
