package bindings

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/cortexlua/cortexlua/bindings/internal/pidfile"
	"github.com/cortexlua/cortexlua/bindings/internal/proc"
	"github.com/cortexlua/cortexlua/runtime"
)

func pidfileModule(h *Host) runtime.Module {
	return runtime.Module{
		Name: "pidfile",
		Doc:  "Read, write and remove the files that name a daemon's process, without trusting them. Paths are those of the registry.",
		Funcs: []runtime.Func{
			runtime.Query("read", "Reads a pidfile: its pid, or nil when there is none. One that cannot be believed is an error.", h.pidfileRead, runtime.ProcessRead),
			runtime.Action("write", "Makes a pidfile name a process that this run started or located.", h.pidfileWrite, runtime.FSWrite.In("run")),
			runtime.Action("remove", "Removes a pidfile that names a process which is gone.", h.pidfileRemove, runtime.FSWrite.In("run")),
			runtime.Action("clear", "Clears the way for a start: a stale pidfile is removed, what cannot be one is moved aside.", h.pidfileClear, runtime.FSWrite.In("run")),
		},
	}
}

type pidfileArgs struct {
	Path string `lua:"path" doc:"the pidfile of a daemon of the registry"`
}

func (h *Host) pidfileRead(ctx context.Context, c *runtime.Call, a pidfileArgs) (*int, error) {
	f, err := h.lookAtPidfile(ctx, c, a.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, pidfileError(err)
	}
	return &f.PID, nil
}

// plannedPidfile is where a dry run notes the pid that a pidfile will name; 0:
// the file will be gone.
func plannedPidfile(path string) string { return "pidfile:" + path }

// lookAtPidfile reads a pidfile of the registry, in a dry run as it will be. A
// daemon that writes its pidfile itself takes it along when it ends.
func (h *Host) lookAtPidfile(ctx context.Context, c *runtime.Call, path string) (pidfile.File, error) {
	name, err := h.ownPidfile(ctx, path)
	if err != nil {
		return pidfile.File{}, err
	}
	if pid, ok := c.Planned(plannedPidfile(path)); ok {
		if pid == 0 {
			return pidfile.File{}, fs.ErrNotExist
		}
		return pidfile.File{PID: pid.(int), Path: path}, nil
	}
	if state, ok := c.Planned(plannedDaemon(name)); ok && state == plannedStopped {
		reg, err := h.Registry(ctx)
		if err != nil {
			return pidfile.File{}, err
		}
		if d, _ := reg.Get(name); d.Pidfile.WrittenBy == "daemon" {
			return pidfile.File{}, fs.ErrNotExist
		}
	}
	return pidfile.Read(path)
}

// ownPidfile refuses paths that no daemon of the registry has: pidfiles mostly
// lie in folders that hold other things too. It gives the daemon's name.
func (h *Host) ownPidfile(ctx context.Context, path string) (string, error) {
	reg, err := h.Registry(ctx)
	if err != nil {
		return "", err
	}
	for i := range reg.Daemons {
		if p := reg.Daemons[i].Pidfile; p != nil && p.Path == path {
			return reg.Daemons[i].Name, nil
		}
	}
	return "", runtime.Errorf(runtime.Denied, "%s is not the pidfile of any daemon", path).WithHint("declare it in %s", reg.Path)
}

type pidfileWriteArgs struct {
	Path    string  `lua:"path" doc:"the pidfile of a daemon of the registry"`
	Process Process `lua:"process" doc:"the process that it shall name"`
}

func (h *Host) pidfileWrite(ctx context.Context, c *runtime.Call, a pidfileWriteArgs) (runtime.Change[runtime.None], error) {
	if _, err := h.ownPidfile(ctx, a.Path); err != nil {
		return runtime.Change[runtime.None]{}, err
	}
	if f, err := h.lookAtPidfile(ctx, c, a.Path); err == nil && f.PID == a.Process.PID {
		return runtime.Unchanged(runtime.None{}), nil
	}
	return runtime.Change[runtime.None]{
		Summary: fmt.Sprintf("write %s", a.Path),
		Planned: map[string]any{plannedPidfile(a.Path): a.Process.PID},
		Apply: func(context.Context) (runtime.None, error) {
			return runtime.None{}, pidfileError(pidfile.Write(a.Path, a.Process.PID, h.isDaemonPid(ctx, a.Path)))
		},
	}, nil
}

// isDaemonPid tells whether the process that a pidfile names is the daemon's.
func (h *Host) isDaemonPid(ctx context.Context, path string) pidfile.Check {
	return func(f pidfile.File) (bool, string, error) {
		name, err := h.ownPidfile(ctx, path)
		if err != nil {
			return false, "", err
		}
		reg, err := h.Registry(ctx)
		if err != nil {
			return false, "", err
		}
		d, _ := reg.Get(name)
		live, why := proc.MatchProgram(f.PID, d.Command, h.cfg.Home)
		if live {
			why = name
		}
		return live, why, nil
	}
}

type pidfileRemoveArgs struct {
	Path string `lua:"path" doc:"the pidfile of a daemon of the registry"`
	PID  int    `lua:"pid" min:"2" doc:"the pid that it names"`
}

func (h *Host) pidfileRemove(ctx context.Context, c *runtime.Call, a pidfileRemoveArgs) (runtime.Change[bool], error) {
	if _, err := h.ownPidfile(ctx, a.Path); err != nil {
		return runtime.Change[bool]{}, err
	}
	f, err := h.lookAtPidfile(ctx, c, a.Path)
	if err != nil || f.PID != a.PID {
		return runtime.Unchanged(false), nil
	}
	return runtime.Change[bool]{
		Summary: "remove " + a.Path,
		Result:  true,
		Planned: map[string]any{plannedPidfile(a.Path): 0},
		Apply: func(context.Context) (bool, error) {
			removed, err := pidfile.Remove(a.Path, a.PID)
			return removed, pidfileError(err)
		},
	}, nil
}

// pidfileClear makes room for a start. The caller has located the daemon and
// knows that it does not run.
func (h *Host) pidfileClear(ctx context.Context, c *runtime.Call, a pidfileArgs) (runtime.Change[string], error) {
	if _, err := h.ownPidfile(ctx, a.Path); err != nil {
		return runtime.Change[string]{}, err
	}
	_, err := h.lookAtPidfile(ctx, c, a.Path)
	gone := map[string]any{plannedPidfile(a.Path): 0}
	var bad *pidfile.BadError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return runtime.Unchanged(""), nil
	case errors.As(err, &bad):
		return runtime.Change[string]{
			Summary: fmt.Sprintf("move %s aside: %s", a.Path, bad.Reason),
			Planned: gone,
			Apply: func(context.Context) (string, error) {
				aside, err := pidfile.MoveAside(a.Path)
				return aside, pidfileError(err)
			},
		}, nil
	case err != nil:
		return runtime.Change[string]{}, pidfileError(err)
	}
	return runtime.Change[string]{
		Summary: "remove the stale " + a.Path,
		Planned: gone,
		Apply: func(context.Context) (string, error) {
			_, err := pidfile.RemoveStale(a.Path, h.isDaemonPid(ctx, a.Path))
			return "", pidfileError(err)
		},
	}, nil
}

func pidfileError(err error) error {
	if err == nil {
		return nil
	}
	var bad *pidfile.BadError
	var live *pidfile.LiveError
	kind := runtime.KindOf(err)
	switch {
	case errors.As(err, &bad):
		kind = runtime.Invalid
	case errors.As(err, &live):
		kind = runtime.Conflict
	}
	return runtime.Errorf(kind, "%w", err)
}
