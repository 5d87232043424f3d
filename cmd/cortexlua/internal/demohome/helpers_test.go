package demohome_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cortexlua/cortexlua/cmd/cortexlua/internal/demohome"
)

const patience = 20 * time.Second

// build makes a home that is emptied of processes and removed when the test ends.
func build(t *testing.T, opts demohome.Options) *demohome.Home {
	t.Helper()
	h, err := demohome.Build(t.Context(), filepath.Join(t.TempDir(), "a home"), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		left, err := h.Kill(ctx)
		if err != nil {
			t.Error(err)
		}
		if len(left) > 0 && !t.Failed() {
			t.Errorf("processes left: %+v", left)
		}
		if err := h.Remove(); err != nil {
			t.Error(err)
		}
	})
	return h
}

func waitFor(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !condition(); {
		if time.Now().After(deadline) {
			t.Fatalf("waited %s in vain: %s", patience, what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// running is a daemon that a test started, as the leader of its own group.
type running struct {
	cmd    *exec.Cmd
	began  time.Time
	stdout *bytes.Buffer
	done   chan error
}

func start(t *testing.T, h *demohome.Home, name string, env ...string) *running {
	t.Helper()
	cmd, err := h.Command(name)
	if err != nil {
		t.Fatal(err)
	}
	// A file, for a helper that outlives the daemon would keep a pipe open.
	file, err := os.Create(filepath.Join(t.TempDir(), "stdout"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	cmd.Stdout, cmd.Stderr = file, file
	cmd.Env = append(cmd.Env, env...)
	r := &running{cmd: cmd, began: time.Now(), stdout: &bytes.Buffer{}, done: make(chan error, 1)}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		err := cmd.Wait()
		text, _ := os.ReadFile(file.Name())
		r.stdout.Write(text)
		r.done <- err
	}()
	return r
}

func (r *running) pid() int { return r.cmd.Process.Pid }

// end waits for the daemon to exit and returns its exit code, -1 if a signal ended it.
func (r *running) end(t *testing.T) int {
	t.Helper()
	select {
	case err := <-r.done:
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		return r.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		t.Fatalf("%s did not end within %s", r.cmd.Args[0], patience)
		return -1
	}
}

func (r *running) signalGroup(t *testing.T, signal syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(-r.pid(), signal); err != nil {
		t.Fatal(err)
	}
}

func nothingLeft(t *testing.T, h *demohome.Home) {
	t.Helper()
	waitFor(t, "no process of the home is left", func() bool {
		live, err := h.Processes()
		if err != nil {
			t.Fatal(err)
		}
		return len(live) == 0
	})
}

func daemon(t *testing.T, h *demohome.Home, name string) demohome.Daemon {
	t.Helper()
	for _, d := range h.Daemons {
		if d.Name == name {
			return d
		}
	}
	t.Fatalf("no daemon %q", name)
	return demohome.Daemon{}
}

func read(h *demohome.Home, name string) string {
	content, _ := os.ReadFile(filepath.Join(h.Dir, name))
	return string(content)
}

func exists(h *demohome.Home, name string) bool {
	_, err := os.Lstat(filepath.Join(h.Dir, name))
	return err == nil
}

// git runs git in the home as an operator would, and returns what it prints.
func git(t *testing.T, h *demohome.Home, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = h.Dir
	output, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, output)
	}
	return strings.TrimSpace(string(output))
}

// upgrade publishes a release and switches the home to it.
func upgrade(t *testing.T, h *demohome.Home, kind demohome.Kind) demohome.Release {
	t.Helper()
	release, err := h.Publish(t.Context(), kind)
	if err != nil {
		t.Fatal(err)
	}
	git(t, h, "fetch", "--quiet")
	git(t, h, "merge", "--quiet", "--ff-only", "origin/main")
	return release
}
