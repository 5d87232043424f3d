package bindings

import (
	"context"
	"time"

	"github.com/cortexlua/cortexlua/bindings/internal/jsonq"
	"github.com/cortexlua/cortexlua/bindings/internal/probes"
	"github.com/cortexlua/cortexlua/runtime"
)

func probeModule(h *Host) runtime.Module {
	p := &probeFuncs{host: h, engine: jsonq.New()}
	return runtime.Module{
		Name: "probe",
		Doc:  "Tell whether a daemon can do its work, and wait until it can. What a probe looks at needs its own permission: net.dial:HOST, process.spawn:PROGRAM, fs.read:ROOT.",
		Funcs: []runtime.Func{
			runtime.Query("mark", "Marks this moment and the end of a log, to be given as since: what comes later is new.", p.mark, runtime.ProcessRead).
				MayNeed(runtime.FSRead),
			runtime.Query("validate", "Makes the checks of a probe, permissions among them, without looking at what it probes.", p.validate, runtime.ProcessRead).
				MayNeed(runtime.FSRead, runtime.NetDial, runtime.ProcessSpawn),
			runtime.Query("check", "Looks once whether a probe passes.", p.check, runtime.ProcessRead).
				MayNeed(runtime.FSRead, runtime.NetDial, runtime.ProcessSpawn).
				Example(`probe.check({ alive = true }).ok  --> true`),
			runtime.Query("wait", "Waits until a probe passes while the process lives. Its death is an error that tells the exit code or signal and the last lines of its log.", p.wait, runtime.ProcessRead).
				MayNeed(runtime.FSRead, runtime.NetDial, runtime.ProcessSpawn),
			runtime.Query("settle", "Waits for a time in which the process must not end.", p.settle, runtime.ProcessRead).
				MayNeed(runtime.FSRead),
		},
	}
}

type probeFuncs struct {
	host   *Host
	engine *jsonq.Engine
}

// Mark is the handle of a moment and the end of a log at that moment.
type Mark struct{ m *mark }

type mark struct {
	at  time.Time
	log string // absolute, or ""
	end probes.Mark
}

// HandleType implements runtime.Handle.
func (Mark) HandleType() string { return "mark" }

type probeMarkArgs struct {
	Log *string `lua:"log" doc:"the log that will be watched; may be left out"`
}

func (p *probeFuncs) mark(_ context.Context, c *runtime.Call, a probeMarkArgs) (Mark, error) {
	m := &mark{at: c.Now()}
	if a.Log == nil || *a.Log == "" {
		return Mark{m: m}, nil
	}
	at, err := p.host.at(c, *a.Log, runtime.FSRead)
	if err != nil {
		return Mark{}, err
	}
	m.log = at.abs
	if m.end, err = probes.MarkOf(at.roots, at.abs); err != nil {
		return Mark{}, fileError(err)
	}
	return Mark{m: m}, nil
}

type probeCheckArgs struct {
	Spec  probeSpec `lua:"spec" doc:"what to look at; exactly one of file, pidfile, tcp, unix, http, command, log and alive"`
	Log   string    `lua:"log,opt" doc:"with a spec of log: the log to look through"`
	Since any       `lua:"since,opt" doc:"a mark, or seconds since 1970: what is older does not count"`
}

type probeCheckResult struct {
	OK   bool          `lua:"ok"`
	Why  string        `lua:"why,opt" doc:"why it does not pass"`
	Took time.Duration `lua:"took" doc:"seconds"`
}

func (p *probeFuncs) check(ctx context.Context, c *runtime.Call, a probeCheckArgs) (probeCheckResult, error) {
	since, err := sinceOf(a.Since)
	if err != nil {
		return probeCheckResult{}, err
	}
	probe, err := p.build(ctx, c, a.Spec, target{log: a.Log, since: since})
	if err != nil {
		return probeCheckResult{}, err
	}
	defer probes.Close(probe)
	started := time.Now()
	err = probes.Check(ctx, probe, probes.Options{Try: a.Spec.Timeout})
	switch {
	case ctx.Err() != nil:
		return probeCheckResult{}, context.Cause(ctx)
	case err != nil:
		return probeCheckResult{Why: err.Error(), Took: time.Since(started)}, nil
	}
	return probeCheckResult{OK: true, Took: time.Since(started)}, nil
}

type probeWaitArgs struct {
	Process  Process       `lua:"process" doc:"a process from process.locate or process.spawn"`
	Spec     probeSpec     `lua:"spec" doc:"what to wait for; the ready of a daemon of the registry"`
	Timeout  time.Duration `lua:"timeout,opt" doc:"how long it may take; default: the spec's"`
	Settle   time.Duration `lua:"settle,opt" doc:"how long it must live on, and still pass at the end"`
	Log      string        `lua:"log,opt" doc:"its log, for messages and for a spec of log"`
	Since    any           `lua:"since,opt" doc:"a mark, or seconds since 1970: what is older does not count; default: its start"`
	Failures int           `lua:"failures,opt" min:"0" doc:"give up after so many failed tries in a row; 0: not before the timeout"`
	Passes   int           `lua:"passes,opt" default:"1" min:"1" max:"1000" doc:"how many tries in a row must pass"`
}

type probeWaitResult struct {
	Took time.Duration `lua:"took" doc:"seconds until it was ready, without the time to settle"`
}

func (p *probeFuncs) wait(ctx context.Context, c *runtime.Call, a probeWaitArgs) (probeWaitResult, error) {
	if a.Process.p.planned {
		return probeWaitResult{}, nil // a dry run: it will be ready
	}
	since, err := sinceOf(a.Since)
	if err != nil {
		return probeWaitResult{}, err
	}
	w, err := p.watcher(c, a.Process.p, a.Log, since)
	if err != nil {
		return probeWaitResult{}, err
	}
	probe, err := p.build(ctx, c, a.Spec, target{proc: w.proc, log: w.log, since: since})
	if err != nil {
		return probeWaitResult{}, err
	}
	defer probes.Close(probe)
	started := time.Now()
	opts := probes.Options{Timeout: a.timeout(), Interval: a.Spec.Interval, Successes: a.Passes, Failures: a.Failures, Died: w.died}
	c.Progress(ctx, "waiting for %s: %s", w.proc, probe)
	if err := probes.Wait(ctx, probe, opts); err != nil {
		return probeWaitResult{}, w.explain(ctx, err, "before it was ready")
	}
	took := time.Since(started)
	if a.Settle > 0 {
		c.Progress(ctx, "%s is ready; it must stay so for %s", w.proc, runtime.FormatDuration(a.Settle))
		if err := probes.Settle(ctx, probe, a.Settle, opts); err != nil {
			return probeWaitResult{}, w.explain(ctx, err, "within "+runtime.FormatDuration(a.Settle)+" after it was ready")
		}
	}
	return probeWaitResult{Took: took}, nil
}

// timeout prefers what the call says over what the spec says.
func (a probeWaitArgs) timeout() time.Duration {
	switch {
	case a.Timeout > 0:
		return a.Timeout
	case a.Spec.Timeout > 0:
		return a.Spec.Timeout
	}
	return 30 * time.Second
}

type probeSettleArgs struct {
	Process  Process       `lua:"process" doc:"a process from process.locate or process.spawn"`
	Duration time.Duration `lua:"duration" doc:"how long it must live on"`
	Log      string        `lua:"log,opt" doc:"its log, for messages"`
}

func (p *probeFuncs) settle(ctx context.Context, c *runtime.Call, a probeSettleArgs) (runtime.None, error) {
	if a.Process.p.planned {
		return runtime.None{}, nil
	}
	w, err := p.watcher(c, a.Process.p, a.Log, moment{})
	if err != nil {
		return runtime.None{}, err
	}
	c.Progress(ctx, "%s must stay alive for %s", w.proc, runtime.FormatDuration(a.Duration))
	err = probes.Settle(ctx, probes.Alive{}, a.Duration, probes.Options{Died: w.died})
	if err != nil {
		return runtime.None{}, w.explain(ctx, err, "within "+runtime.FormatDuration(a.Duration)+", when it should be stable")
	}
	return runtime.None{}, nil
}

// moment is what an option since means: a time, and perhaps a place in a log.
type moment struct {
	at   time.Time
	mark *mark
}

func sinceOf(v any) (moment, error) {
	switch v := v.(type) {
	case nil:
		return moment{}, nil
	case float64:
		return moment{at: time.Unix(0, int64(v*1e9))}, nil
	case Mark:
		return moment{at: v.m.at, mark: v.m}, nil
	}
	return moment{}, runtime.Errorf(runtime.Invalid, "since must be a mark from probe.mark or a time in seconds since 1970")
}
