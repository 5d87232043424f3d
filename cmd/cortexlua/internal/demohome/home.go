package demohome

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Options say what kind of home to build; the zero value is the demo's.
type Options struct {
	// Daemons are the names of those to register, of the eight. If none is named all
	// eight are, or none of them when Count asks for tiny ones.
	Daemons []string
	// Period is how often each daemon does its work and refreshes its state file;
	// 0 means 1 s. A part of a second needs a sleep(1) that takes one.
	Period time.Duration
	// Count adds that many tiny daemons for measuring: each is ready 50 ms after its
	// start and gone 50 ms after TERM.
	Count int
	// Prefix is what the names of the tiny daemons begin with, before a number from
	// 001; "" means "tiny-".
	Prefix string
	// Publish lists releases to publish on origin at once, in this order.
	Publish []Kind
}

// Home is a Cortex home on disk, at release 1. All paths are absolute and free of
// symbolic links.
type Home struct {
	Dir          string   // the home itself
	RunDir       string   // the pidfiles, in the home
	Origin       string   // the bare repository that the home fetches from, in the home
	RegistryPath string   // the registry of the daemons, a Lua file
	Env          []string // what a process needs to find the home, as KEY=value
	Daemons      []Daemon // those in the registry, in its order
}

// Build makes a home in dir, which must be empty or not there; "" means a new
// directory for temporary files. Nothing is started. If it fails it leaves nothing.
func Build(ctx context.Context, dir string, opts Options) (*Home, error) {
	daemons, err := opts.daemons()
	if err != nil {
		return nil, fmt.Errorf("cannot build the demo home: %w", err)
	}
	if err := checkTools(ctx, opts); err != nil {
		return nil, fmt.Errorf("cannot build the demo home: %w", err)
	}
	dir, err = claimDir(dir)
	if err != nil {
		return nil, fmt.Errorf("cannot build the demo home: %w", err)
	}
	h := newHome(dir, daemons)
	if err := h.fill(ctx, opts); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot build the demo home in %s: %w", dir, err), os.RemoveAll(dir))
	}
	return h, nil
}

func newHome(dir string, daemons []Daemon) *Home {
	run := filepath.Join(dir, "run")
	return &Home{
		Dir:          dir,
		RunDir:       run,
		Origin:       filepath.Join(dir, "origin.git"),
		RegistryPath: filepath.Join(dir, ".cortexlua", "registry.lua"),
		Env:          []string{"CORTEX_HOME=" + dir, "COMMIT_RELAY_HOME=" + dir, runDirVariable + "=" + run},
		Daemons:      daemons,
	}
}

func (h *Home) fill(ctx context.Context, opts Options) error {
	for _, folder := range []string{h.RunDir, h.Origin, filepath.Dir(h.RegistryPath)} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
	}
	if err := h.makeRepositories(ctx); err != nil {
		return err
	}
	if err := h.writeState(); err != nil {
		return err
	}
	if err := os.WriteFile(h.RegistryPath, []byte(h.registry()), 0o644); err != nil {
		return err
	}
	for _, kind := range opts.Publish {
		if _, err := h.Publish(ctx, kind); err != nil {
			return err
		}
	}
	return nil
}

// makeRepositories publishes release 1 on origin and checks it out in the home.
func (h *Home) makeRepositories(ctx context.Context) error {
	if err := h.initRepository(ctx, h.Origin, quiet, "--bare"); err != nil {
		return err
	}
	if _, err := h.publish(ctx, Good, 1); err != nil {
		return err
	}
	if err := h.initRepository(ctx, h.Dir, quiet+tracking(h.Origin)); err != nil {
		return err
	}
	// The origin is in here for the demo's sake only, so it is no business of .gitignore.
	info := filepath.Join(h.Dir, ".git", "info")
	if err := os.MkdirAll(info, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(info, "exclude"), []byte("/origin.git/\n"), 0o644); err != nil {
		return err
	}
	if _, err := h.git(ctx, h.Dir, nil, "fetch", "--quiet", "origin"); err != nil {
		return err
	}
	_, err := h.git(ctx, h.Dir, nil, "reset", "--quiet", "--hard", "origin/main")
	return err
}

// writeState puts the state files in place, with the folders that daemons expect.
func (h *Home) writeState() error {
	for _, folder := range []string{"agents/logs/system", "coordination/worker-specs/active"} {
		if err := os.MkdirAll(filepath.Join(h.Dir, folder), 0o755); err != nil {
			return err
		}
	}
	state := tree{}
	if err := state.overlay("state"); err != nil {
		return err
	}
	for name, content := range state {
		target := filepath.Join(h.Dir, name)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(target, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Command is the program of a registered daemon, ready to be started as a manager
// should do it: in its own session, in the home, with its environment and no input.
func (h *Home) Command(name string) (*exec.Cmd, error) {
	for _, d := range h.Daemons {
		if d.Name != name {
			continue
		}
		cmd := exec.Command(filepath.Join(h.Dir, d.Command[0]), d.Command[1:]...)
		cmd.Args[0] = d.Command[0]
		cmd.Dir = h.Dir
		cmd.Env = append(os.Environ(), h.Env...)
		for key, value := range d.Env {
			cmd.Env = append(cmd.Env, key+"="+value)
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		return cmd, nil
	}
	return nil, fmt.Errorf("cannot start %q: the demo home has no such daemon", name)
}

// Remove deletes the home. It refuses while a process uses it, and names those: stop
// the daemons first, or end what is left of them with Kill.
func (h *Home) Remove() error {
	live, err := h.Processes()
	if err != nil {
		return err
	}
	if len(live) > 0 {
		return fmt.Errorf("cannot remove the demo home %s: still used by %s", h.Dir, describe(live))
	}
	return os.RemoveAll(h.Dir)
}

// claimDir returns the real path of an empty directory, made if need be.
func claimDir(dir string) (string, error) {
	if dir == "" {
		made, err := os.MkdirTemp("", "cortexlua-demo-")
		if err != nil {
			return "", err
		}
		dir = made
	} else if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	if len(entries) > 0 {
		return "", fmt.Errorf("%s is not empty: give a new or an empty directory: %w", dir, fs.ErrExist)
	}
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(absolute)
}

// checkTools looks for the programs that the home's scripts and this package run.
func checkTools(ctx context.Context, opts Options) error {
	if _, err := os.Stat("/bin/sh"); err != nil {
		return fmt.Errorf("the demo daemons are scripts for /bin/sh: %w", err)
	}
	var missing []string
	for _, tool := range []string{"git", "cat", "date", "grep", "mkdir", "mv", "rm", "sed", "sleep", "tee"} {
		if _, err := exec.LookPath(tool); err != nil {
			missing = append(missing, tool)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("not found on PATH: %s; install them and try again", strings.Join(missing, ", "))
	}
	if opts.Count == 0 && opts.Period%time.Second == 0 {
		return nil
	}
	if err := exec.CommandContext(ctx, "sleep", "0.01").Run(); err != nil {
		return fmt.Errorf("sleep on this machine takes whole seconds only (%w): use a period of whole seconds and no tiny daemons", err)
	}
	return nil
}
