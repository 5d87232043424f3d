package bindings

import (
	"context"
	"maps"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cortexlua/cortexlua/bindings/internal/files"
	"github.com/cortexlua/cortexlua/bindings/internal/registry"
	"github.com/cortexlua/cortexlua/runtime"
)

// This file says what the scope of a permission names, for arguments that several
// modules take. Roots are in fs.go.

// mayRun checks the permission to start a program in dir. A permission for one
// program is not one for what an environment can make of it: with PATH another
// file has its name, with LD_PRELOAD another's code runs in it (ld.so(8)). What a
// program does with its arguments is not looked at: who may start sh may do all
// that sh can.
func (h *Host) mayRun(c *runtime.Call, program, dir string, env map[string]string) error {
	if err := c.Require(runtime.ProcessSpawn.In(h.programScope(program, dir))); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if name == "PATH" || strings.HasPrefix(name, "LD_") {
			if err := c.Require(runtime.ProcessSpawn); err != nil {
				return because(err, "the variable "+name+" can put another program in the place of "+program)
			}
		}
	}
	return nil
}

// dirOf is the directory from which the relative path of a program counts.
func (h *Host) dirOf(cwd string) string {
	if filepath.IsAbs(cwd) {
		return cwd
	}
	return filepath.Join(h.cfg.Home, cwd)
}

// programScope is what process.spawn:SCOPE calls a program: its name when PATH
// finds it, its path from the home when it lies there (always with a slash, so
// that a file named git is not taken for git), else its absolute path.
func (h *Host) programScope(program, dir string) string {
	if !strings.Contains(program, "/") {
		return program
	}
	abs := program
	if !filepath.IsAbs(abs) {
		abs = filepath.Join(dir, abs)
	}
	abs = filepath.Clean(abs)
	if h.cfg.Home == "" || !below(h.cfg.Home, abs) || abs == h.cfg.Home {
		return abs
	}
	rel := strings.TrimPrefix(abs[len(h.cfg.Home):], "/")
	if !strings.Contains(rel, "/") {
		return "./" + rel
	}
	return rel
}

// workDir checks a directory that a program shall start in: the home, the one that
// the registry declares for the daemon, or a directory that the script may read.
func (h *Host) workDir(c *runtime.Call, dir string, d *registry.Daemon) (string, error) {
	home, err := h.home()
	switch {
	case dir == "" || dir == home:
		return home, err
	case d != nil && dir == d.Cwd:
		return dir, nil
	}
	p, err := h.at(c, dir, runtime.FSRead)
	if err != nil {
		return "", err
	}
	info, err := p.roots.Stat(p.abs, true) // through the root: no link leads out
	if err == nil && info.Type != files.TypeDir {
		err = runtime.Errorf(runtime.Invalid, "cannot start a program in %s: it is a %s", p.abs, info.Type)
	}
	return p.abs, fileError(err)
}

// logToWrite checks a log that a daemon's output shall be appended to: the one that
// the registry declares for it, or a file that the script may write.
func (h *Host) logToWrite(c *runtime.Call, log string, d *registry.Daemon) (string, error) {
	if d != nil && log == d.Log {
		return log, nil
	}
	p, err := h.at(c, log, runtime.FSWrite)
	if err != nil {
		return "", err
	}
	if _, err := p.roots.Stat(p.abs, true); err != nil && !isAbsent(err) {
		return "", fileError(err) // a link that leads out
	}
	return p.abs, nil
}

// declared gives the daemon of that name in the registry; nil if there is none.
func (h *Host) declared(ctx context.Context, name string) (*registry.Daemon, error) {
	reg, err := h.Registry(ctx)
	if err != nil {
		return nil, err
	}
	if d, ok := reg.Get(name); ok {
		return &d, nil
	}
	return nil, nil
}

// hostScope is what net.dial:SCOPE calls a host: lower case, no dot at the end, an
// address in its usual form. A name is not looked up: net.dial:localhost is not
// net.dial:127.0.0.1.
func hostScope(host string) string {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.Unmap().String()
	}
	return strings.TrimSuffix(strings.ToLower(host), ".")
}

// because adds to a denial why that much was needed.
func because(err error, why string) error {
	e, ok := err.(*runtime.Error)
	if !ok {
		return err
	}
	c := *e
	c.Message += ": " + why
	return &c
}
