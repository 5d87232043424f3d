package probes

import (
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

func TestPidfile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "worker.pid")
	probe, err := NewPidfile(path, 4711)
	if err != nil {
		t.Fatal(err)
	}
	defer probe.Close()
	want(t, "no pidfile", probe.Check(testContext(t)), "there is no pidfile")
	write(t, path, "4712\n")
	want(t, "another pid", probe.Check(testContext(t)), "names pid 4712, not 4711")
	write(t, path, "")
	want(t, "an empty pidfile", probe.Check(testContext(t)), "it is empty")
	time.AfterFunc(20*time.Millisecond, func() { write(t, path, strconv.Itoa(4711)+"\n") })
	want(t, "the daemon writes it", Wait(testContext(t), probe, Options{}), "")
}

func TestPidfileWhoseFolderComesLater(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run", "worker.pid")
	probe, err := NewPidfile(path, 4711)
	if err != nil {
		t.Fatal(err)
	}
	defer probe.Close()
	time.AfterFunc(20*time.Millisecond, func() { write(t, path, "4711\n") })
	want(t, "waiting", Wait(testContext(t), probe, Options{Interval: 5 * time.Millisecond}), "")
	if _, err := NewPidfile("worker.pid", 1); err == nil {
		t.Error("a relative path is taken")
	}
}
