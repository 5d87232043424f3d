package bindings

import (
	"context"
	"errors"
	"maps"
	"path/filepath"

	"github.com/cortexlua/cortexlua/bindings/internal/confine"
	"github.com/cortexlua/cortexlua/bindings/internal/lockfile"
	"github.com/cortexlua/cortexlua/bindings/internal/proc"
	"github.com/cortexlua/cortexlua/bindings/internal/registry"
	"github.com/cortexlua/cortexlua/bindings/internal/statefile"
	"github.com/cortexlua/cortexlua/runtime"
)

type processSpawnArgs struct {
	Name    string            `lua:"name" doc:"the daemon's name, under which it is recorded"`
	Command []string          `lua:"command" doc:"the program and its arguments; no shell reads them"`
	Env     map[string]string `lua:"env,opt" doc:"its environment beside PATH, HOME and LANG"`
	Cwd     string            `lua:"cwd,opt" doc:"its working directory, the registry's or in a root that may be read; default: the home"`
	Log     string            `lua:"log,opt" doc:"its log file, for error messages; one to append to must be the registry's or in a root that may be written"`
	Stdout  string            `lua:"stdout,opt" default:"null" enum:"log,null" doc:"log: output and errors are appended to the log"`
	Umask   *int              `lua:"umask,opt" min:"0" max:"511" doc:"its umask"`
	Nice    *int              `lua:"nice,opt" min:"-20" max:"19" doc:"its nice value"`
	Confine bool              `lua:"confine,opt" doc:"the kernel holds it and what it starts to the permissions of the run, or to those that the registry allows it"`
}

func (h *Host) processSpawn(ctx context.Context, c *runtime.Call, a processSpawnArgs) (runtime.Change[Process], error) {
	if len(a.Command) == 0 {
		return runtime.Change[Process]{}, runtime.Errorf(runtime.Invalid, "the command of %s is empty", a.Name)
	}
	if err := h.maySpawn(ctx, c, &a); err != nil {
		return runtime.Change[Process]{}, err
	}
	policy, err := h.daemonConfinement(ctx, c, a)
	if err != nil {
		return runtime.Change[Process]{}, err
	}
	return runtime.Change[Process]{
		Summary: "start " + a.Name,
		Result:  newProcess(&process{name: a.Name, log: a.Log, planned: true}),
		Planned: map[string]any{plannedDaemon(a.Name): plannedRunning},
		Apply: func(ctx context.Context) (Process, error) {
			p, err := h.spawn(ctx, c, a, policy)
			if err != nil {
				return Process{}, err
			}
			return h.adopt(c, p), nil
		},
	}, nil
}

// maySpawn checks the permissions, and makes the paths absolute. What the registry
// declares for the daemon is the operator's word: it needs no permission beside
// that to start the program.
func (h *Host) maySpawn(ctx context.Context, c *runtime.Call, a *processSpawnArgs) error {
	d, err := h.declared(ctx, a.Name)
	if err != nil {
		return err
	}
	env := a.Env
	if d != nil && maps.Equal(env, d.Env) {
		env = nil
	}
	if err := h.mayRun(c, a.Command[0], h.dirOf(a.Cwd), env); err != nil {
		return err
	}
	if err := registry.CheckName(a.Name); err != nil {
		return runtime.Errorf(runtime.Invalid, "cannot start %q: %w", a.Name, err)
	}
	if a.Cwd, err = h.workDir(c, a.Cwd, d); err != nil {
		return err
	}
	if a.Stdout == "log" {
		a.Log, err = h.logToWrite(c, a.Log, d)
	}
	return err
}

// spawn starts a daemon that inherits a lock: while anything of it lives, the
// lock is held, even if every record is lost.
func (h *Host) spawn(ctx context.Context, c *runtime.Call, a processSpawnArgs, policy *confine.Policy) (*process, error) {
	if err := statefile.MakeDir(h.statePath("daemons")); err != nil {
		return nil, err
	}
	live, err := lockfile.Try(h.statePath("daemons", a.Name+".live"), lockfile.Info{For: "the life of " + a.Name})
	if err != nil {
		return nil, spawnLockError(err, a.Name)
	}
	defer live.Detach() // the daemon's copy of the descriptor keeps the lock
	spec := proc.DaemonSpec{
		Name: a.Name, Argv: a.Command, Env: h.environment(a.Env), Cookie: proc.NewCookie(a.Name),
		Dir: a.Cwd, Umask: a.Umask, Nice: a.Nice, Confine: policy,
	}
	spec.Lock = append(spec.Lock, live.File())
	if a.Stdout == "log" {
		spec.Log = a.Log
	}
	child, err := proc.StartDaemon(ctx, spec)
	if err != nil {
		return nil, startError(err)
	}
	p := &process{name: a.Name, id: child.Identity(), cookie: spec.Cookie, log: a.Log, child: child}
	if h.cfg.OnDaemon != nil {
		h.cfg.OnDaemon(p.id.PID, p.id.StartTicks, proc.CookieVar+"="+p.cookie)
	}
	h.children.add(p)
	err = h.remember(record{Name: a.Name, Identity: p.id, Cookie: p.cookie, Command: a.Command, Log: a.Log, Started: c.Now(), Run: c.RunID()})
	if err != nil {
		c.Log(ctx, levelWarn, "the daemon runs, but cannot be recorded", "daemon", a.Name, "error", err)
	}
	return p, nil
}

func spawnLockError(err error, name string) error {
	var held *lockfile.HeldError
	if errors.As(err, &held) {
		return runtime.Errorf(runtime.Conflict, "cannot start %s: something of an earlier instance still lives and holds %s", name, held.Path).
			WithHint("cortexlua run stop %s ends it", name)
	}
	return runtime.Errorf(runtime.KindOf(err), "cannot start %s: %w", name, err)
}

func startError(err error) error { return runtime.Errorf(runtime.KindOf(err), "%w", err) }

// statePath is a path below the state folder, which is made when needed.
func (h *Host) statePath(parts ...string) string {
	return filepath.Join(append([]string{h.cfg.StateDir}, parts...)...)
}
