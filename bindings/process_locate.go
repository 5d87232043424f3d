package bindings

import (
	"context"
	"errors"
	"io/fs"

	"github.com/cortexlua/cortexlua/bindings/internal/lockfile"
	"github.com/cortexlua/cortexlua/bindings/internal/pidfile"
	"github.com/cortexlua/cortexlua/bindings/internal/proc"
	"github.com/cortexlua/cortexlua/bindings/internal/registry"
	"github.com/cortexlua/cortexlua/runtime"
)

// The states of a daemon in a dry run, under plannedDaemon(name).
const (
	plannedRunning = "running"
	plannedStopped = "stopped"
)

func plannedDaemon(name string) string { return "daemon:" + name }

type processLocateArgs struct {
	Names []string `lua:"names" doc:"daemons of the registry; an empty list means all"`
	Scan  bool     `lua:"scan,opt" default:"true" doc:"false: only records and pidfiles, no look at all processes"`
}

// located is what is known about one daemon.
type located struct {
	Name      string   `lua:"name" doc:"the daemon"`
	State     string   `lua:"state" doc:"running, stopped or stale (a pidfile is left of a process that is gone)"`
	Process   *Process `lua:"process,opt" doc:"the handle, when it runs"`
	PID       int      `lua:"pid,opt"`
	By        string   `lua:"by,opt" doc:"the proof: record, pidfile, cmdline, or lock: it holds what its start handed to it"`
	Uptime    *float64 `lua:"uptime,opt" doc:"seconds since its start"`
	CPU       *float64 `lua:"cpu,opt" doc:"processor time used, in seconds"`
	Memory    int64    `lua:"memory,opt" doc:"resident memory in bytes"`
	Threads   int      `lua:"threads,opt"`
	Pidfile   string   `lua:"pidfile,opt" doc:"missing, stale or refused, where it matters"`
	Why       string   `lua:"why,opt" doc:"why the pidfile is stale or refused"`
	Instances int      `lua:"instances,opt" doc:"how many instances run, when there is more than one"`
	Ended     bool     `lua:"ended,opt" doc:"it was started and is gone, and nobody stopped it"`
	Remains   int      `lua:"remains,opt" doc:"how many children of a dead instance are left"`
}

// processLocate reads records first: a proved one costs two system calls. Only
// daemons without one cost a pidfile and, once for all of them, a look at all
// processes.
func (h *Host) processLocate(ctx context.Context, c *runtime.Call, a processLocateArgs) ([]located, error) {
	reg, err := h.Registry(ctx)
	if err != nil {
		return nil, err
	}
	daemons, err := h.selectDaemons(reg, a.Names)
	if err != nil {
		return nil, err
	}
	s, err := h.search(ctx, c, daemons, a.Scan)
	if err != nil {
		return nil, err
	}
	for i := range s.rows {
		s.applyPlan(&s.rows[i])
	}
	return s.rows, nil
}

func (h *Host) search(ctx context.Context, c *runtime.Call, daemons []registry.Daemon, scan bool) (*search, error) {
	s := &search{host: h, call: c, rows: make([]located, len(daemons)), dead: map[int]*record{}}
	for i := range daemons {
		if err := s.byRecord(i, &daemons[i]); err != nil {
			return nil, err
		}
	}
	return s, s.others(ctx, daemons, scan)
}

func (h *Host) selectDaemons(reg *registry.Registry, names []string) ([]registry.Daemon, error) {
	daemons, err := reg.Select(names)
	if err != nil {
		return nil, unknownDaemon(reg, err)
	}
	return daemons, nil
}

// search is one call of locate.
type search struct {
	host *Host
	call *runtime.Call
	rows []located
	open []int           // rows not yet found
	dead map[int]*record // by row: the record of an instance that is gone

	remains []*process // what outlived its daemon, one for each cookie
}

func (s *search) byRecord(i int, d *registry.Daemon) error {
	s.rows[i] = located{Name: d.Name, State: plannedStopped}
	rec, err := s.host.recall(d.Name)
	if err != nil {
		return err
	}
	if rec != nil {
		stat, err := proc.Prove(rec.Identity)
		if err == nil {
			s.found(i, rec.Identity, &stat, "record", rec.Cookie, d.Log)
			return nil
		}
		if !isGone(err) {
			return runtime.Errorf(runtime.Failed, "cannot tell whether %s runs: %w", d.Name, err)
		}
		s.dead[i], s.rows[i].Ended = rec, true
	}
	s.open = append(s.open, i)
	return nil
}

// found fills the row of a live daemon.
func (s *search) found(i int, id proc.Identity, stat *proc.Stat, by, cookie, log string) {
	p := s.host.children.get(id)
	if p == nil {
		p = &process{name: s.rows[i].Name, id: id, cookie: cookie, log: log}
	}
	handle := s.host.adopt(s.call, p)
	row := &s.rows[i]
	row.State, row.Process, row.PID, row.By = plannedRunning, &handle, id.PID, by
	uptime, cpu := stat.Uptime().Seconds(), stat.CPU().Seconds()
	row.Uptime, row.CPU = &uptime, &cpu
	row.Memory, row.Threads, row.Ended = stat.RSS(), stat.Threads, false
}

// others looks for the daemons that no record proves.
func (s *search) others(ctx context.Context, daemons []registry.Daemon, scan bool) error {
	if len(s.open) == 0 {
		return nil
	}
	programs := make([]proc.Program, 0, len(s.open))
	index := make(map[string]int, len(s.open))
	for _, i := range s.open {
		d := &daemons[i]
		pid, err := s.readPidfile(i, d)
		if err != nil {
			return err
		}
		if scan || pid != 0 {
			programs = append(programs, s.program(d, pid))
		}
		index[d.Name] = i
	}
	found, err := s.host.procs.Locate(ctx, programs)
	if err != nil {
		return runtime.Errorf(runtime.Failed, "cannot tell which daemons run: %w", err)
	}
	for _, f := range found {
		s.add(index[f.Name], &daemons[index[f.Name]], f)
	}
	if scan {
		if err := s.addRemains(ctx); err != nil {
			return err
		}
	}
	for _, i := range s.open {
		s.judgePidfile(i, &daemons[i])
	}
	return nil
}

// program is what to look for. The lock that a daemon was handed at its start
// finds it, or what is left of it, under any command line.
func (s *search) program(d *registry.Daemon, pid int) proc.Program {
	p := proc.Program{Name: d.Name, PIDFilePID: pid, Argv: d.Command, Home: s.host.cfg.Home}
	live := s.host.statePath("daemons", d.Name+".live")
	if _, held, err := lockfile.Holder(live); err == nil && held {
		p.Lock = live
	}
	return p
}

// add notes a live process: the daemon, another instance of it, or what is left
// of a dead one.
func (s *search) add(i int, d *registry.Daemon, f proc.Found) {
	row, cookie := &s.rows[i], proc.Cookie(f.Identity.PID)
	dead := s.dead[i]
	switch {
	case dead != nil && cookie != "" && cookie == dead.Cookie: // counted by addRemains
	case isRemains(&f.Stat, cookie):
		row.Remains++
		s.remains = append(s.remains, &process{name: f.Name, id: f.Identity, cookie: cookie, log: d.Log})
	case row.State == plannedRunning:
		row.Instances = max(row.Instances, 1) + 1
	default:
		s.found(i, f.Identity, &f.Stat, f.By, cookie, d.Log)
	}
}

// addRemains counts what still carries the cookie of a dead instance.
func (s *search) addRemains(ctx context.Context) error {
	boot, err := proc.BootID()
	if err != nil {
		return err
	}
	for _, i := range s.open {
		rec := s.dead[i]
		if rec == nil || rec.Cookie == "" || rec.Identity.BootID != boot {
			continue
		}
		snap, err := s.host.procs.Snapshot(ctx)
		if err != nil {
			return err
		}
		if n := len(snap.Carrying(rec.Cookie)); n > 0 {
			s.rows[i].Remains += n
			s.remains = append(s.remains, &process{name: rec.Name, id: rec.Identity, cookie: rec.Cookie, log: rec.Log})
		}
	}
	return nil
}

// isRemains tells children that outlived their daemon from the daemon itself: a
// subshell has the same command line. What we started leads its session, so
// whatever carries our cookie and does not lead one was started by a daemon.
func isRemains(stat *proc.Stat, cookie string) bool {
	return cookie != "" && stat.Session != stat.PID
}

// readPidfile gives the pid that a pidfile claims. A file that cannot be
// believed is noted, not an error: nothing is signalled because of it.
func (s *search) readPidfile(i int, d *registry.Daemon) (int, error) {
	if d.Pidfile == nil {
		return 0, nil
	}
	f, err := pidfile.Read(d.Pidfile.Path)
	var bad *pidfile.BadError
	switch {
	case err == nil:
		s.rows[i].Pidfile = "stale" // until its process is proved
		return f.PID, nil
	case errors.Is(err, fs.ErrNotExist):
		return 0, nil
	case errors.As(err, &bad):
		s.rows[i].Pidfile, s.rows[i].Why = "refused", bad.Reason
		return 0, nil
	}
	return 0, runtime.Errorf(runtime.KindOf(err), "cannot tell whether %s runs: %w", d.Name, err)
}

// judgePidfile says what is wrong with the pidfile of a daemon that no record
// proves.
func (s *search) judgePidfile(i int, d *registry.Daemon) {
	row := &s.rows[i]
	switch {
	case row.State == plannedRunning && row.By == "pidfile":
		row.Pidfile = ""
	case row.State == plannedRunning && row.Pidfile == "" && d.Pidfile != nil:
		row.Pidfile = "missing"
	case row.Pidfile == "stale":
		row.Why = s.explainStale(d)
		if row.State == plannedStopped {
			row.State = "stale"
		}
	}
}

func (s *search) explainStale(d *registry.Daemon) string {
	f, err := pidfile.Read(d.Pidfile.Path)
	if err != nil {
		return ""
	}
	if _, err := proc.IdentityOf(f.PID); err != nil {
		return "its process is gone"
	}
	_, why := proc.MatchProgram(f.PID, d.Command, s.host.cfg.Home)
	return "it names a stranger: " + why
}

// applyPlan answers from what a dry run has planned.
func (s *search) applyPlan(row *located) {
	state, ok := s.call.Planned(plannedDaemon(row.Name))
	switch {
	case !ok:
	case state == plannedStopped:
		*row = located{Name: row.Name, State: plannedStopped}
	case state == plannedRunning && row.State != plannedRunning:
		p := newProcess(&process{name: row.Name, planned: true})
		*row = located{Name: row.Name, State: plannedRunning, Process: &p}
	}
}
