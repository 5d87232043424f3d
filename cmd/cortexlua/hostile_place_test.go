package main

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/cortexlua/cortexlua/runtime/runtimetest/hostile"
)

// canary is in a file beside the home, which no script may read or change.
const canary = "canary-that-nobody-may-see"

// place is where one script runs: home is its own, the rest is not.
//
//	home/ outside/ script/ user/ tmp/
type place struct{ dir string }

func newPlace(dir string, s hostile.Script) (place, error) {
	p := place{dir}
	for _, d := range []string{"home", "outside", "script", "user", "tmp"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			return p, err
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "outside", "secret"), []byte(canary+"\n"), 0o644); err != nil {
		return p, err
	}
	if err := os.WriteFile(p.script(), []byte(withBeginning(s.Text)), 0o644); err != nil {
		return p, err
	}
	cmd := exec.Command("sh", "-c", "set -e\n"+s.Setup)
	cmd.Dir = filepath.Join(dir, "home")
	cmd.Env = p.environment()
	if out, err := cmd.CombinedOutput(); err != nil {
		return p, fmt.Errorf("setup: %w: %s", err, out)
	}
	return p, nil
}

func (p place) script() string { return filepath.Join(p.dir, "script", "hostile.lua") }

// withBeginning lets a script tell when it began, on the line it begins with, so
// that line numbers stay. Loading a runbook must not act, so there it stands where
// the run begins.
func withBeginning(text string) string {
	const tell = `print(("BEGAN %.6f"):format(clock.now())) `
	if head, run, ok := strings.Cut(text, "run = function(run)"); ok {
		return head + "run = function(run) " + tell + run
	}
	if strings.Contains(text, "runbook.define(") {
		return text
	}
	return tell + text
}

func (p place) environment() []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Join(p.dir, "user"), "TMPDIR=" + filepath.Join(p.dir, "tmp"),
		"NO_COLOR=1", "GIT_CONFIG_NOSYSTEM=1", "LANG=C.UTF-8",
	}
}

func (p place) run(program string, s hostile.Script, deadline time.Duration) (wardenReport, error) {
	args := []string{program, "run", p.script(), "--home", filepath.Join(p.dir, "home"), "--timeout", deadline.String()}
	for _, n := range s.Needs {
		args = append(args, "--allow", n)
	}
	return warden(wardenOrder{
		Args: append(args, s.Run...), Env: p.environment(), Dir: p.dir,
		Stuck: s.Stuck, Patience: deadline + s.More + 20*time.Second,
	})
}

// outside is all that the script may not change, with a text that tells whether it
// did.
func (p place) outside() map[string]string {
	out := map[string]string{}
	_ = filepath.WalkDir(p.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if path == filepath.Join(p.dir, "home") {
			return filepath.SkipDir
		}
		info, err := e.Info()
		if err != nil {
			return nil
		}
		text := info.Mode().String()
		if info.Mode().IsRegular() {
			data, _ := os.ReadFile(path)
			text = fmt.Sprintf("%s %x", text, sha256.Sum256(data))
		}
		out[path] = text
		return nil
	})
	return out
}

func (p place) remove() {
	_ = exec.Command("rm", "-rf", p.dir).Run() // trees deeper than PATH_MAX too
}
