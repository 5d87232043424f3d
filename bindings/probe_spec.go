package bindings

import (
	"context"
	"regexp"
	"time"

	"github.com/cortexlua/cortexlua/bindings/internal/probes"
	"github.com/cortexlua/cortexlua/bindings/internal/proc"
	"github.com/cortexlua/cortexlua/runtime"
)

// probeSpec says what to look at. It takes whatever the registry's ready may
// hold, so that a daemon's own probe can be passed on as it is.
type probeSpec struct {
	File     string        `lua:"file,opt" doc:"a state file that must be written after since"`
	Pidfile  string        `lua:"pidfile,opt" doc:"a pidfile of the registry that must name the process"`
	TCP      string        `lua:"tcp,opt" doc:"host:port that must accept a connection"`
	Unix     string        `lua:"unix,opt" doc:"a socket file that must accept a connection"`
	HTTP     string        `lua:"http,opt" doc:"a URL that must answer with a status below 400"`
	Command  []string      `lua:"command,opt" doc:"a program that must end with code 0; no shell reads it"`
	Log      string        `lua:"log,opt" doc:"a regular expression that a new line of the log must match"`
	Alive    bool          `lua:"alive,opt" doc:"being alive is enough"`
	JSON     string        `lua:"json,opt" doc:"with file: a jq path to a time that must be fresh; with http: a jq program that must be true of the answer"`
	Fresh    time.Duration `lua:"fresh,opt" doc:"with file: how old its time may be"`
	Status   []int         `lua:"status,opt" doc:"with http: what the status must be"`
	Body     string        `lua:"body,opt" doc:"with http: a regular expression that the answer must match"`
	Timeout  time.Duration `lua:"timeout,opt" doc:"how long it may take"`
	Interval time.Duration `lua:"interval,opt" doc:"the time between tries of tcp, unix, http and command"`
}

// check holds the spec's parts against each other.
func (s *probeSpec) check() error {
	given := 0
	for _, set := range []bool{s.File != "", s.Pidfile != "", s.TCP != "", s.Unix != "", s.HTTP != "", len(s.Command) > 0, s.Log != "", s.Alive} {
		if set {
			given++
		}
	}
	switch {
	case given != 1:
		return runtime.Errorf(runtime.Invalid, "spec needs exactly one of file, pidfile, tcp, unix, http, command, log and alive, and has %d", given)
	case s.JSON != "" && s.File == "" && s.HTTP == "":
		return runtime.Errorf(runtime.Invalid, "spec.json belongs to file or http")
	case s.Fresh != 0 && s.File == "":
		return runtime.Errorf(runtime.Invalid, "spec.fresh belongs to file")
	case (s.Body != "" || len(s.Status) > 0) && s.HTTP == "":
		return runtime.Errorf(runtime.Invalid, "spec.body and spec.status belong to http")
	}
	return nil
}

// target is what a probe is about.
type target struct {
	proc  *process // nil: no process is behind it
	log   string   // its log; "" when unknown
	since moment
}

// build makes the probe of a spec and checks the permissions of what it looks
// at.
func (p *probeFuncs) build(ctx context.Context, c *runtime.Call, s probeSpec, t target) (probes.Probe, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	switch {
	case s.File != "":
		return p.file(c, s, t)
	case s.Pidfile != "":
		return p.pidfile(ctx, s, t.proc)
	case s.TCP != "":
		return p.tcp(c, s)
	case s.Unix != "":
		return p.unix(c, s)
	case s.HTTP != "":
		return p.http(c, s)
	case len(s.Command) > 0:
		return p.command(ctx, c, s)
	case s.Log != "":
		return p.log(c, s, t)
	}
	return probes.Alive{}, nil
}

func (p *probeFuncs) file(c *runtime.Call, s probeSpec, t target) (probes.Probe, error) {
	at, err := p.host.at(c, s.File, runtime.FSRead)
	if err != nil {
		return nil, err
	}
	since := t.since.at
	if since.IsZero() && t.proc != nil {
		since = startOf(c, t.proc)
	}
	return &probes.File{Roots: at.roots, Path: at.abs, Since: since, JSON: s.JSON, Engine: p.engine, Fresh: s.Fresh, Now: c.Now}, nil
}

// startOf is the moment a process started; zero when it cannot be told, in which
// case it is about to be found dead.
func startOf(c *runtime.Call, p *process) time.Time {
	stat, err := proc.Prove(p.id)
	if err != nil {
		return time.Time{}
	}
	return c.Now().Add(-stat.Uptime())
}

func (p *probeFuncs) pidfile(ctx context.Context, s probeSpec, proc *process) (probes.Probe, error) {
	if proc == nil {
		return nil, runtime.Errorf(runtime.Invalid, "spec.pidfile needs a process that it shall name: use probe.wait")
	}
	if _, err := p.host.ownPidfile(ctx, s.Pidfile); err != nil {
		return nil, err
	}
	return probes.NewPidfile(s.Pidfile, proc.id.PID)
}

func (p *probeFuncs) tcp(c *runtime.Call, s probeSpec) (probes.Probe, error) {
	host, address, err := probes.CheckAddress(s.TCP)
	if err != nil {
		return nil, runtime.Errorf(runtime.Invalid, "spec.tcp: %w", err)
	}
	if err := c.Require(runtime.NetDial.In(hostScope(host))); err != nil {
		return nil, err
	}
	return &probes.Dial{Network: "tcp", Address: address}, nil
}

// unix needs two permissions: to reach the file, and to talk to what is behind.
func (p *probeFuncs) unix(c *runtime.Call, s probeSpec) (probes.Probe, error) {
	at, err := p.host.at(c, s.Unix, runtime.FSRead)
	if err != nil {
		return nil, err
	}
	if err := c.Require(runtime.NetDial.In("unix")); err != nil {
		return nil, err
	}
	return &probes.Dial{Network: "unix", Address: at.abs, Roots: at.roots}, nil
}

func (p *probeFuncs) http(c *runtime.Call, s probeSpec) (probes.Probe, error) {
	host, err := probes.CheckURL(s.HTTP)
	if err != nil {
		return nil, runtime.Errorf(runtime.Invalid, "spec.http: %w", err)
	}
	if err := c.Require(runtime.NetDial.In(hostScope(host))); err != nil {
		return nil, err
	}
	probe := &probes.HTTP{URL: s.HTTP, Status: s.Status, JSON: s.JSON, Engine: p.engine}
	if s.Body != "" {
		if probe.Body, err = pattern("spec.body", s.Body); err != nil {
			return nil, err
		}
	}
	return probe, nil
}

// command runs with the environment that daemons get, in the home.
func (p *probeFuncs) command(ctx context.Context, c *runtime.Call, s probeSpec) (probes.Probe, error) {
	home, err := p.host.home()
	if err != nil {
		return nil, err
	}
	if err := p.host.mayRun(c, s.Command[0], home, nil); err != nil {
		return nil, err
	}
	reg, err := p.host.Registry(ctx)
	if err != nil {
		return nil, err
	}
	env := make(map[string]string, len(reg.Home.Env))
	for _, name := range reg.Home.Env {
		env[name] = home
	}
	policy, err := p.host.confinement(c, s.Command[0], false)
	if err != nil {
		return nil, err
	}
	return &probes.Command{Argv: s.Command, Env: p.host.environment(env), Dir: home, Table: p.host.procs, Confine: policy}, nil
}

func (p *probeFuncs) log(c *runtime.Call, s probeSpec, t target) (probes.Probe, error) {
	re, err := pattern("spec.log", s.Log)
	if err != nil {
		return nil, err
	}
	if t.log == "" && t.since.mark != nil {
		t.log = t.since.mark.log
	}
	if t.log == "" {
		return nil, runtime.Errorf(runtime.Invalid, "spec.log needs to know the log").
			WithHint("pass log = PATH, or since = probe.mark(PATH)")
	}
	at, err := p.host.at(c, t.log, runtime.FSRead)
	if err != nil {
		return nil, err
	}
	from, err := newFrom(at.abs, t)
	if err != nil {
		return nil, err
	}
	return probes.NewLog(at.roots, at.abs, re, from), nil
}

// newFrom finds the place in a log from which on lines are new. For a process
// that this run started the place must be known: the line that the last instance
// wrote says nothing about this one. Of a process that was found running, any
// line counts.
func newFrom(path string, t target) (probes.Mark, error) {
	mark := t.since.mark
	switch {
	case mark != nil && mark.log == path:
		return mark.end, nil
	case !t.since.at.IsZero(), t.proc != nil && t.proc.child != nil:
		return probes.Mark{}, runtime.Errorf(runtime.Invalid, "which lines of %s are new cannot be told from a time", path).
			WithHint("take since = probe.mark(%q) before the start, and pass that", path)
	}
	return probes.Mark{}, nil
}

func pattern(what, text string) (*regexp.Regexp, error) {
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, runtime.Errorf(runtime.Invalid, "%s is not a regular expression: %w", what, err).
			WithHint("the syntax is that of RE2, as grep -E knows it without backreferences")
	}
	return re, nil
}
