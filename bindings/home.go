package bindings

import (
	"context"
	"path/filepath"
	"sync"

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
	// Registry is the text of the registry file.
	Registry func() (runtime.Source, error)
}

// Host is what the primitives of one run share. It is made cheaply: everything
// that costs is opened when a primitive first needs it.
type Host struct {
	cfg   Config
	procs *proc.Table

	roots func() (*files.Roots, error)

	regOnce sync.Once
	reg     *registry.Registry
	regErr  error
}

// NewHost prepares the primitives for a home. Close releases what they opened.
func NewHost(cfg Config) *Host {
	h := &Host{cfg: cfg, procs: proc.NewTable()}
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
	for name, dir := range reg.Roots {
		dirs[name] = dir
	}
	return files.NewRoots(dirs), nil
}
