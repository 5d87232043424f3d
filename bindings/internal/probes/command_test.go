package probes

import (
	"errors"
	"path/filepath"
	"testing"
	"time"
)

func TestCommand(t *testing.T) {
	for _, c := range []struct {
		name string
		argv []string
		text string
	}{
		{"code 0", []string{"true"}, ""},
		{"code 3", []string{"sh", "-c", "echo one; echo why it failed >&2; exit 3"}, "ended with code 3: why it failed"},
		{"a signal", []string{"sh", "-c", "kill -9 $$"}, "was ended by SIGKILL"},
		{"no such program", []string{"./nothing-here"}, "does not exist"},
	} {
		probe := &Command{Argv: c.argv, Env: []string{"PATH=/usr/bin:/bin"}, Dir: t.TempDir()}
		want(t, c.name, probe.Check(testContext(t)), c.text)
	}
}

func TestCommandWaits(t *testing.T) {
	dir := t.TempDir()
	time.AfterFunc(20*time.Millisecond, func() { write(t, filepath.Join(dir, "ready"), "") })
	probe := &Command{Argv: []string{"test", "-e", "ready"}, Env: []string{"PATH=/usr/bin:/bin"}, Dir: dir}
	want(t, "the file comes", Wait(testContext(t), probe, Options{Interval: 5 * time.Millisecond}), "")
}

func TestCommandThatHangsIsEnded(t *testing.T) {
	died := make(chan struct{})
	time.AfterFunc(50*time.Millisecond, func() { close(died) })
	started := time.Now()
	probe := &Command{Argv: []string{"sh", "-c", "trap '' TERM; sleep 60 & sleep 60"}, Env: []string{"PATH=/usr/bin:/bin"}, Dir: t.TempDir()}
	if err := Wait(testContext(t), probe, Options{Died: died, Try: time.Minute}); !errors.Is(err, ErrDied) {
		t.Errorf("got %v", err)
	}
	if took := time.Since(started); took > patience/2 {
		t.Errorf("it took %s to end", took)
	}
}
