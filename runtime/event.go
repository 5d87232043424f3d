package runtime

import (
	"context"
	"log/slog"
	"time"

	"github.com/cortexlua/cortexlua/runtime/internal/vm"
)

// EventType says what happened in a run.
type EventType string

// What an observer is told of, in the order in which it may happen.
const (
	RunStarted  EventType = "run_started"
	StepStarted EventType = "step_started"
	ChangeMade  EventType = "change" // applied, or planned in a dry run
	StepEnded   EventType = "step_ended"
	UndoStarted EventType = "undo_started"
	UndoEnded   EventType = "undo_ended"
	LogWritten  EventType = "log"
	Progress    EventType = "progress" // what the run waits for; worth nothing once it is past
	RunEnded    EventType = "run_ended"
)

// Event is one thing that happened in a run.
type Event struct {
	Type    EventType
	Time    time.Time
	RunID   string
	Runbook string
	Step    string // the step it happened in, or ""
	Text    string // the change's summary, the log's message, the step's name
	Planned bool   // a dry run: nothing was done
	Took    time.Duration
	Err     *Error
	Level   slog.Level // of a log line
	Attrs   []slog.Attr
}

// Observer is told of the events of a run, one at a time. It must return soon:
// the run waits for it.
type Observer interface{ Observe(Event) }

// stepKey is the context key of the step that code runs in.
type stepKey struct{}

func stepOf(ctx context.Context) string {
	name, _ := ctx.Value(stepKey{}).(string)
	return name
}

// emit completes an event and hands it to the observer.
func (r *Run) emit(ctx context.Context, e Event) {
	if r.opts.Observer == nil {
		return
	}
	e.Time, e.RunID, e.Runbook = r.opts.Now(), r.id, r.name
	if e.Step == "" {
		e.Step = stepOf(ctx)
	}
	r.observing.Lock()
	defer r.observing.Unlock()
	r.opts.Observer.Observe(e)
}

// mayLog counts a log line. A run that logs beyond its budget is ended: a script
// that floods its log is out of hand, and would go on.
func (r *Run) mayLog(size int64) bool {
	r.mu.Lock()
	r.logged += size
	over := r.logged > int64(r.limits.Log)
	r.mu.Unlock()
	if over {
		r.vm.Abort(&vm.LimitError{Name: "log", Limit: int64(r.limits.Log)})
	}
	return !over
}

func (r *Run) log(ctx context.Context, level slog.Level, msg string, args ...any) {
	rec := slog.NewRecord(r.opts.Now(), level, msg, 0)
	rec.Add(args...)
	var attrs []slog.Attr
	size := int64(len(msg))
	rec.Attrs(func(a slog.Attr) bool {
		attrs = append(attrs, a)
		size += int64(len(a.Key) + len(a.Value.String()))
		return true
	})
	if !r.mayLog(size) {
		return
	}
	r.emit(ctx, Event{Type: LogWritten, Text: msg, Level: level, Attrs: attrs})
}
