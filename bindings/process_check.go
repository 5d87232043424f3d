package bindings

import (
	"context"
	"strings"

	"github.com/cortexlua/cortexlua/bindings/internal/proc"
	"github.com/cortexlua/cortexlua/runtime"
)

type processCheckArgs struct {
	Name    string            `lua:"name" doc:"the daemon's name"`
	Command []string          `lua:"command" doc:"the program and its arguments"`
	Env     map[string]string `lua:"env,opt" doc:"as for spawn"`
	Cwd     string            `lua:"cwd,opt" doc:"as for spawn"`
	Log     string            `lua:"log,opt" doc:"as for spawn"`
	Stdout  string            `lua:"stdout,opt" default:"null" enum:"log,null" doc:"as for spawn"`
	Pidfile string            `lua:"pidfile,opt" doc:"its pidfile, whose folder must be there"`
	Program bool              `lua:"program,opt" default:"true" doc:"false: a program in the home is not looked at, because it is about to be replaced"`
}

// processCheck makes the checks of a start, permissions among them, before anybody
// stops what runs: a restart that cannot start again is an outage.
func (h *Host) processCheck(ctx context.Context, c *runtime.Call, a processCheckArgs) (runtime.None, error) {
	none := runtime.None{}
	if len(a.Command) == 0 {
		return none, runtime.Errorf(runtime.Invalid, "the command of %s is empty", a.Name)
	}
	spawn := processSpawnArgs{Name: a.Name, Command: a.Command, Env: a.Env, Cwd: a.Cwd, Log: a.Log, Stdout: a.Stdout}
	if err := h.maySpawn(ctx, c, &spawn); err != nil {
		return none, err
	}
	spec := proc.DaemonSpec{Name: a.Name, Argv: a.Command, Env: h.environment(a.Env), Dir: spawn.Cwd}
	if spec.Dir == "" {
		spec.Dir = h.cfg.Home
	}
	if a.Stdout == "log" {
		spec.Log = spawn.Log
	}
	check := spec.Check
	if !a.Program && strings.HasPrefix(a.Command[0], h.cfg.Home+"/") {
		check = spec.CheckLog
	}
	if err := check(); err != nil {
		return none, startError(err)
	}
	if a.Pidfile == "" {
		return none, nil
	}
	if _, err := h.ownPidfile(ctx, a.Pidfile); err != nil {
		return none, err
	}
	if err := proc.CheckFolder(a.Pidfile); err != nil {
		return none, runtime.Errorf(runtime.NotFound, "cannot start %s: the pidfile %w", a.Name, err)
	}
	return none, nil
}
