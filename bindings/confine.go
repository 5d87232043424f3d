package bindings

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cortexlua/cortexlua/bindings/internal/confine"
	"github.com/cortexlua/cortexlua/bindings/internal/registry"
	"github.com/cortexlua/cortexlua/runtime"
)

// A confined program may do what the run may do, or what the registry allows the
// daemon, in the words of permissions:
//
//	fs.read:ROOT    read the root; fs.write:ROOT change it
//	process.spawn   execute what it may read; otherwise only programs of the system
//	net.dial        use the network; net.dial:unix abstract sockets of others
//	process.signal  signal processes outside; process.read look at them in /proc
//
// What the kernel cannot hold to a scope is granted only without one: who may dial
// one host may dial none when confined.

// rights tells whether a permission is had, with all of its scopes.
type rights func(runtime.Permission) bool

// confinement is the policy for a program that the script starts: nil when
// neither the script nor the operator asks for one.
func (h *Host) confinement(c *runtime.Call, program string, asked bool) (*confine.Policy, error) {
	if !asked && !h.cfg.Confine {
		return nil, nil
	}
	return h.policy(c.GrantedWhole, program)
}

// daemonConfinement is that for a daemon. What the registry says of it is the
// operator's word: a script can neither take its confinement off, nor give
// another program what it allows.
func (h *Host) daemonConfinement(ctx context.Context, c *runtime.Call, a processSpawnArgs) (*confine.Policy, error) {
	d, err := h.declared(ctx, a.Name)
	if err != nil {
		return nil, err
	}
	if d == nil || !d.Confine {
		return h.confinement(c, a.Name, a.Confine)
	}
	if len(d.Allow) == 0 || !slices.Equal(a.Command, d.Command) || !maps.Equal(a.Env, d.Env) {
		return h.confinement(c, a.Name, true)
	}
	return h.policy(allowed(d.Allow), a.Name)
}

func allowed(list []string) rights {
	layer := runtime.Layer{}
	for _, text := range list {
		layer.Allow = append(layer.Allow, runtime.Permission(text))
	}
	return runtime.Grant{Layers: []runtime.Layer{layer}}.Grants
}

// checkConfined reads what the registry allows daemons, so that a misspelt
// permission is found before one is touched.
func checkConfined(reg *registry.Registry) error {
	for _, d := range reg.Daemons {
		for _, text := range d.Allow {
			if _, err := runtime.ParsePermission(text); err != nil {
				return fmt.Errorf("daemon %q: allow: %w", d.Name, err)
			}
		}
	}
	return nil
}

// policy turns rights into what the kernel is asked to hold, and makes sure that
// it can: a plan finds out as well as a run.
func (h *Host) policy(has rights, program string) (*confine.Policy, error) {
	p := &confine.Policy{
		Network:   confine.Network{Open: has(runtime.NetDial)},
		Sockets:   has(runtime.NetDial.In("unix")),
		Signals:   has(runtime.ProcessSignal),
		Processes: has(runtime.ProcessRead),
		ABI:       h.cfg.Landlock,
	}
	roots, err := h.realRoots()
	if err != nil {
		return nil, err
	}
	if p.Read, err = granted(roots, has, runtime.FSRead, program); err != nil {
		return nil, err
	}
	if p.Write, err = granted(roots, has, runtime.FSWrite, program); err != nil {
		return nil, err
	}
	if has(runtime.ProcessSpawn) {
		p.Exec = p.Read
	}
	if err := p.Check(); err != nil {
		return nil, unconfined(err, program)
	}
	return p, nil
}

func unconfined(err error, program string) error {
	e := runtime.Errorf(runtime.Failed, "cannot confine %s: %w", program, err)
	if errors.Is(err, confine.ErrUnsupported) {
		e = e.WithHint("it was not started; when net.dial and process.signal are granted there is less to hold, and Linux 6.2 is enough")
	}
	return e
}

// realRoot is a root where it really is.
type realRoot struct{ name, dir string }

// realRoots are the roots of the home, links resolved: the kernel goes by where a
// folder is.
func (h *Host) realRoots() ([]realRoot, error) {
	if h.cfg.Home == "" {
		return nil, nil
	}
	roots, err := h.roots()
	if err != nil {
		return nil, err
	}
	var list []realRoot
	for _, r := range roots.List() {
		dir := r.Dir
		if real, err := filepath.EvalSymlinks(dir); err == nil {
			dir = real
		}
		list = append(list, realRoot{r.Name, dir})
	}
	return list, nil
}

// granted lists the folders of the roots that kind is granted for. Permissions go
// by the innermost root, but the kernel cannot take a folder back out of one that
// it allows; so a root around one that is not granted is refused.
func granted(roots []realRoot, has rights, kind runtime.Permission, program string) ([]string, error) {
	var dirs []string
	for _, outer := range roots {
		if !has(kind.In(outer.name)) {
			continue
		}
		dirs = append(dirs, outer.dir)
		var missing []string
		for _, inner := range roots {
			if below(outer.dir, inner.dir) && !has(kind.In(inner.name)) {
				missing = append(missing, string(kind.In(inner.name)))
			}
		}
		if len(missing) > 0 {
			return nil, runtime.Errorf(runtime.Denied, "cannot confine %s: %s is granted, but not %s, and the kernel cannot hold a program to a folder without what lies in it",
				program, kind.In(outer.name), strings.Join(missing, ", ")).
				WithHint("grant these too, or not %s; registry.lua can name a smaller root", kind.In(outer.name))
		}
	}
	return dirs, nil
}
