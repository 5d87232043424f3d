package bindings

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/cortexlua/cortexlua/bindings/internal/files"
	"github.com/cortexlua/cortexlua/bindings/internal/proc"
	"github.com/cortexlua/cortexlua/bindings/internal/registry"
	"github.com/cortexlua/cortexlua/runtime"
)

// Config says what the primitives of a run work on.
type Config struct {
	// Home is the directory that daemons live in; empty: none was given.
	Home string
	// NoHome is the error that primitives raise when they need a home and none
	// was given.
	NoHome error
	// StateDir is where locks and records of daemons are kept.
	StateDir string
	// ConfigDir is where the operator keeps the registry, runbooks and modules of
	// this home: a root of its own, "config", so that the right to write in the
	// home is not one to change what is run next. Empty: there is none.
	ConfigDir string
	// Path and UserHome are the PATH and HOME that programs are started with.
	Path, UserHome string
	// User and PID say who runs this, for the owner of a lock.
	User string
	PID  int
	// Registry is the text of the registry file.
	Registry func() (runtime.Source, error)
	// OnDaemon is told of every daemon that was started: its pid, its start time in
	// ticks, and the entry of its environment that all it starts inherits. Whoever
	// ends what a run leaves behind must leave these alone.
	OnDaemon func(pid int, startTicks uint64, mark string)
	// Confine holds every program that a primitive starts for a script to what
	// the run may do, git excepted.
	Confine bool
	// Landlock tells the version of Landlock; nil asks the kernel.
	Landlock func() (int, error)
}

// Host is what the primitives of one run share. It is made cheaply: everything
// that costs is opened when a primitive first needs it.
type Host struct {
	cfg   Config
	procs *proc.Table

	children children
	programs programs

	roots       func() (*files.Roots, error)
	rootsOpened atomic.Bool

	regOnce sync.Once
	reg     *registry.Registry
	regErr  error
}

// NewHost prepares the primitives for a home. Close releases what they opened.
func NewHost(cfg Config) *Host {
	h := &Host{cfg: cfg, procs: &proc.Table{}}
	h.roots = sync.OnceValues(h.openRoots)
	return h
}

// Registry loads the registry once.
func (h *Host) Registry(ctx context.Context) (*registry.Registry, error) {
	h.regOnce.Do(func() { h.reg, h.regErr = h.loadRegistry(ctx) })
	return h.reg, h.regErr
}

func (h *Host) loadRegistry(ctx context.Context) (*registry.Registry, error) {
	home, err := h.home()
	if err != nil {
		return nil, err
	}
	src, err := h.cfg.Registry()
	if err != nil {
		return nil, err
	}
	reg := &registry.Registry{Path: src.Path}
	if err := runtime.LoadData(ctx, src, reg); err != nil {
		return nil, err
	}
	if err := reg.Complete(home); err != nil {
		return nil, runtime.Errorf(runtime.Invalid, "%s: %s%s", src.Path, err, suggestDaemon(reg, err))
	}
	if err := errors.Join(checkDurations(reg), checkConfined(reg)); err != nil {
		return nil, runtime.Errorf(runtime.Invalid, "%s: %s", src.Path, err)
	}
	return reg, nil
}

func (h *Host) home() (string, error) {
	if h.cfg.Home == "" {
		return "", h.cfg.NoHome
	}
	return h.cfg.Home, nil
}

// openRoots names the folders that permissions speak of: fs.write:logs is the
// root "logs".
func (h *Host) openRoots() (*files.Roots, error) {
	home, err := h.home()
	if err != nil {
		return nil, err
	}
	h.rootsOpened.Store(true)
	reg, err := h.Registry(context.Background())
	if err != nil {
		return nil, err
	}
	dirs := map[string]string{
		"home":    home,
		"state":   h.cfg.StateDir,
		"backups": filepath.Join(home, "backups"),
		"logs":    filepath.Join(home, "agents/logs"),
		"run":     filepath.Join(home, "run"),
	}
	if h.cfg.ConfigDir != "" {
		dirs["config"] = h.cfg.ConfigDir
	}
	maps.Copy(dirs, reg.Roots)
	var list []files.Root
	for _, name := range slices.Sorted(maps.Keys(dirs)) {
		list = append(list, files.Root{Name: name, Dir: dirs[name]})
	}
	return files.NewRoots(list)
}

// suggestDaemon names the daemon that an unknown name was likely meant to be.
func suggestDaemon(reg *registry.Registry, err error) string {
	var unknown *registry.UnknownError
	if !errors.As(err, &unknown) {
		return ""
	}
	return runtime.Suggest(unknown.Name, reg.Names())
}

// unknownDaemon says what is known when a name is not.
func unknownDaemon(reg *registry.Registry, err error) error {
	e := runtime.Errorf(runtime.Invalid, "%s", err)
	e.Message += suggestDaemon(reg, err)
	return e.WithHint("cortexlua run status lists the daemons; %s declares them", reg.Path)
}

// Close releases what the primitives of the run opened. No daemon is touched.
func (h *Host) Close() {
	if h.rootsOpened.Load() {
		if roots, err := h.roots(); err == nil {
			_ = roots.Close()
		}
	}
}
