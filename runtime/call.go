package runtime

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// Call is what a primitive is told about the run that called it.
type Call struct {
	run      *Run
	op       string
	declared *Func
}

// Op is the primitive's full name, such as "process.stop".
func (c *Call) Op() string { return c.op }

// RunID is the id of the run, unique on this machine and ordered by time.
func (c *Call) RunID() string { return c.run.id }

// Runbook is the name of the runbook that runs.
func (c *Call) Runbook() string { return c.run.name }

// DryRun tells whether changes are only planned.
func (c *Call) DryRun() bool { return c.run.opts.DryRun }

// Require checks a permission that depends on the arguments, such as
// FSWrite.In("logs"), and returns the denial. Call it before anything is done or
// looked at. A kind that the declaration names neither as a need nor with
// [Func.MayNeed] is a defect: the manual and inspect would not tell of it.
func (c *Call) Require(p Permission) error {
	if !c.declared.mayAsk(p.Kind()) {
		return Errorf(Internal, "%s asks for the permission %s, which its declaration does not name", c.op, p)
	}
	return c.run.grant.Check(p)
}

// Planned gives what an earlier change of a dry run planned under key. Queries
// ask it first, so that a plan sees its own effects.
func (c *Call) Planned(key string) (any, bool) {
	if !c.run.opts.DryRun {
		return nil, false
	}
	return c.run.plannedValue(key)
}

// Log writes a structured line of the run's log.
func (c *Call) Log(ctx context.Context, level slog.Level, msg string, args ...any) {
	c.run.log(ctx, level, msg, args...)
}

// Progress tells the operator what the run waits for. It is shown live on a
// terminal and kept nowhere.
func (c *Call) Progress(ctx context.Context, format string, args ...any) {
	c.run.progress(ctx, fmt.Sprintf(format, args...))
}

// Limits are the budgets of the run.
func (c *Call) Limits() Limits { return c.run.limits }

// OnEnd registers something to release when the run ends, however it ends: a
// held lock, an open handle. It must not alter what the run did.
func (c *Call) OnEnd(release func()) { c.run.onEnd(release) }

// Now is the wall clock of the run, which tests may replace.
func (c *Call) Now() time.Time { return c.run.opts.Now() }
