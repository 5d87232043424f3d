package bindings

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cortexlua/cortexlua/bindings/internal/confine"
	"github.com/cortexlua/cortexlua/bindings/internal/proc"
	"github.com/cortexlua/cortexlua/runtime"
)

func processModule(h *Host) runtime.Module {
	return runtime.Module{
		Name: "process",
		Doc:  "Start, find, signal and stop processes. A process is named by its pid, its start time and the boot: never by a pattern.",
		Funcs: []runtime.Func{
			runtime.Query("locate", "Finds the live instances of daemons of the registry, by record, pidfile and command line.", h.processLocate, runtime.ProcessRead).
				Example(`process.locate({ "worker" })[1].state  --> "stopped"`),
			runtime.Query("alive", "Tells whether a process still runs; a zombie does not.", h.processAlive, runtime.ProcessRead),
			runtime.Query("wait", "Waits until a process has ended and tells how, or gives nil at the timeout.", h.processWait, runtime.ProcessRead),
			runtime.Query("check", "Makes the checks of a start, permissions among them, without starting anything: what cannot start again should not be stopped.", h.processCheck, runtime.ProcessSpawn).
				MayNeed(runtime.FSRead, runtime.FSWrite),
			runtime.Action("spawn", "Starts a daemon in a session of its own and records it. It refuses while an instance lives.", h.processSpawn, runtime.ProcessSpawn).
				MayNeed(runtime.FSRead, runtime.FSWrite),
			runtime.Action("stop", "Stops a process and all that belongs to it: a signal, a grace period, then SIGKILL. It succeeds only when nothing is left.", h.processStop, runtime.ProcessSignal).
				Example(`process.stop(p, { grace = "10s" })  --> { stopped = true, forced = false }`),
			runtime.Action("signal", "Sends a signal to a process, and only to it.", h.processSignal, runtime.ProcessSignal),
			runtime.Action("clean_up", "Ends what is left of a daemon's dead instance: children that outlived it.", h.processCleanUp, runtime.ProcessSignal),
			runtime.Action("run", "Runs a program and waits for it. Its exit code is data; with check = true another than 0 is an error.", h.processRun, runtime.ProcessSpawn).
				MayNeed(runtime.FSRead).
				Example(`process.run({ "true" }).code  --> 0`),
		},
	}
}

type processArgs struct {
	Process Process `lua:"process" doc:"a process from locate or spawn"`
}

func (h *Host) processAlive(_ context.Context, _ *runtime.Call, a processArgs) (bool, error) {
	if a.Process.p.planned {
		return true, nil
	}
	alive, err := proc.Alive(a.Process.p.id)
	return alive, processError(err, "look at", a.Process.p)
}

type processWaitArgs struct {
	Process Process       `lua:"process" doc:"a process from locate or spawn"`
	Timeout time.Duration `lua:"timeout,opt" default:"30s" doc:"how long to wait"`
}

type processEnd struct {
	Code   *int   `lua:"code,opt" doc:"its exit code, if this run started it"`
	Signal string `lua:"signal,opt" doc:"the signal that ended it"`
}

func (h *Host) processWait(ctx context.Context, c *runtime.Call, a processWaitArgs) (*processEnd, error) {
	limited, cancel := context.WithTimeout(ctx, a.Timeout)
	defer cancel()
	c.Progress(ctx, "waiting for %s to end", a.Process.p)
	if err := a.Process.p.waitEnd(limited); err != nil {
		if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
			return nil, nil
		}
		return nil, processError(err, "wait for", a.Process.p)
	}
	end := &processEnd{}
	if child := a.Process.p.child; child != nil {
		if code, signal, ok := child.Exit(); ok {
			end.Signal = signal
			if signal == "" {
				end.Code = &code
			}
		}
	}
	return end, nil
}

type processStopArgs struct {
	Process Process       `lua:"process" doc:"a process from locate or spawn"`
	Signal  string        `lua:"signal,opt" default:"TERM" enum:"TERM,INT,QUIT,HUP,USR1,USR2,KILL" doc:"what asks it to end"`
	Grace   time.Duration `lua:"grace,opt" default:"10s" doc:"how long it may take before SIGKILL"`
}

type stopResult struct {
	Stopped bool          `lua:"stopped" doc:"nothing of it is left"`
	Already bool          `lua:"already" doc:"it had ended before"`
	Forced  bool          `lua:"forced" doc:"SIGKILL was needed"`
	Took    time.Duration `lua:"took" doc:"seconds it took"`
	Planned bool          `lua:"planned" doc:"a dry run: nothing was done"`
}

func (h *Host) processStop(ctx context.Context, c *runtime.Call, a processStopArgs) (runtime.Change[stopResult], error) {
	p := a.Process.p
	if err := c.Require(runtime.ProcessSignal.In(p.name)); err != nil {
		return runtime.Change[stopResult]{}, err
	}
	planned := stopResult{Stopped: true, Planned: true}
	if p.planned {
		return runtime.Unchanged(planned), nil
	}
	return runtime.Change[stopResult]{
		Summary: fmt.Sprintf("stop %s", p),
		Result:  planned,
		Planned: map[string]any{plannedDaemon(p.name): plannedStopped},
		Apply: func(ctx context.Context) (stopResult, error) {
			c.Progress(ctx, "waiting for %s to end", p)
			return h.stop(ctx, p, a.Signal, a.Grace)
		},
	}, nil
}

// stop ends a process and what belongs to it, and forgets its record.
func (h *Host) stop(ctx context.Context, p *process, signal string, grace time.Duration) (stopResult, error) {
	res, err := proc.Stop(ctx, proc.StopSpec{
		Identity: p.id, Cookie: p.cookie, Signal: proc.SignalNumber(signal), Grace: grace, Table: h.procs,
	})
	if err != nil {
		return stopResult{}, stopError(err, res, p)
	}
	out := stopResult{Stopped: res.Stopped, Already: res.Already, Forced: res.Forced, Took: res.Duration}
	return out, h.forget(p.name, p.id)
}

// stopError names the survivors.
func stopError(err error, res proc.StopResult, p *process) error {
	if len(res.Survivors) == 0 {
		return processError(err, "stop", p)
	}
	var left []string
	var pids []any
	for _, s := range res.Survivors {
		left = append(left, fmt.Sprintf("%d (%s, state %s)", s.Identity.PID, s.Comm, s.State))
		pids = append(pids, float64(s.Identity.PID))
	}
	why := "still alive after SIGKILL"
	if !errors.Is(err, proc.ErrSurvivors) {
		why = "still alive: " + err.Error()
	}
	e := runtime.Errorf(runtime.Failed, "cannot stop %s: %s: pid %s", p, why, strings.Join(left, ", ")).
		With("daemon", p.name).With("survivors", pids)
	if !errors.Is(err, proc.ErrSurvivors) {
		e.Kind = runtime.KindOf(err)
	}
	return e.WithHint("a process in state D waits inside the kernel, mostly for a disk or a network file system; see /proc/PID/stack")
}

type processSignalArgs struct {
	Process Process `lua:"process" doc:"a process from locate or spawn"`
	Signal  string  `lua:"signal" enum:"TERM,INT,QUIT,HUP,USR1,USR2,KILL,STOP,CONT" doc:"the signal"`
}

func (h *Host) processSignal(_ context.Context, c *runtime.Call, a processSignalArgs) (runtime.Change[runtime.None], error) {
	p := a.Process.p
	if err := c.Require(runtime.ProcessSignal.In(p.name)); err != nil {
		return runtime.Change[runtime.None]{}, err
	}
	if p.planned {
		return runtime.Unchanged(runtime.None{}), nil
	}
	return runtime.Change[runtime.None]{
		Summary: fmt.Sprintf("send SIG%s to %s", a.Signal, p),
		Apply: func(context.Context) (runtime.None, error) {
			handle, err := p.hold()
			if err == nil {
				err = handle.Signal(proc.SignalNumber(a.Signal))
			}
			return runtime.None{}, processError(err, "signal", p)
		},
	}, nil
}

type processRunArgs struct {
	Command []string          `lua:"command" doc:"the program and its arguments; no shell reads them"`
	Env     map[string]string `lua:"env,opt" doc:"its environment beside PATH, HOME and LANG"`
	Cwd     string            `lua:"cwd,opt" doc:"its working directory, in a root that may be read; default: the home"`
	Input   string            `lua:"input,opt" doc:"its standard input; default: none"`
	Timeout time.Duration     `lua:"timeout,opt" default:"1m" doc:"when its whole process group is ended"`
	Check   bool              `lua:"check,opt" doc:"raise an error if it ends with another code than 0"`
	Confine bool              `lua:"confine,opt" doc:"the kernel holds it and what it starts to the permissions of the run; see cortexlua doc permissions"`
}

type processRunResult struct {
	Code      int    `lua:"code" doc:"its exit code, -1 if a signal ended it"`
	Signal    string `lua:"signal,opt" doc:"the signal that ended it"`
	Stdout    string `lua:"stdout"`
	Stderr    string `lua:"stderr"`
	Truncated bool   `lua:"truncated" doc:"some output was left out in the middle"`
}

func (h *Host) processRun(_ context.Context, c *runtime.Call, a processRunArgs) (runtime.Change[processRunResult], error) {
	if len(a.Command) == 0 {
		return runtime.Change[processRunResult]{}, runtime.Errorf(runtime.Invalid, "the command is empty")
	}
	if err := h.mayRun(c, a.Command[0], h.dirOf(a.Cwd), a.Env); err != nil {
		return runtime.Change[processRunResult]{}, err
	}
	dir, err := h.workDir(c, a.Cwd, nil)
	if err != nil {
		return runtime.Change[processRunResult]{}, err
	}
	a.Cwd = dir
	policy, err := h.confinement(c, a.Command[0], a.Confine)
	if err != nil {
		return runtime.Change[processRunResult]{}, err
	}
	return runtime.Change[processRunResult]{
		Summary: "run " + strings.Join(a.Command, " "),
		Apply: func(ctx context.Context) (processRunResult, error) {
			leave, err := h.programs.enter(c)
			if err != nil {
				return processRunResult{}, err
			}
			defer leave()
			limited, cancel := context.WithTimeoutCause(ctx, a.Timeout, &runtime.DeadlineError{What: a.Command[0], Limit: a.Timeout})
			defer cancel()
			return h.runProgram(limited, a, policy)
		},
	}, nil
}

func (h *Host) runProgram(ctx context.Context, a processRunArgs, policy *confine.Policy) (processRunResult, error) {
	spec := proc.RunSpec{Argv: a.Command, Env: h.environment(a.Env), Dir: a.Cwd, Table: h.procs, Confine: policy}
	if a.Input != "" {
		spec.Stdin = []byte(a.Input)
	}
	res, err := proc.Run(ctx, spec)
	if err != nil {
		return processRunResult{}, processError(err, "run", &process{name: a.Command[0], planned: true})
	}
	out := processRunResult{Code: res.Code, Signal: res.Signal, Stdout: string(res.Stdout), Stderr: string(res.Stderr), Truncated: res.Truncated}
	if a.Check && (res.Code != 0 || res.Signal != "") {
		return out, runtime.Errorf(runtime.Failed, "%s ended with code %d: %s", a.Command[0], res.Code, lastLine(out.Stderr)).With("code", float64(res.Code))
	}
	return out, nil
}
