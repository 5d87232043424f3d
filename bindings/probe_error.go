package bindings

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cortexlua/cortexlua/bindings/internal/files"
	"github.com/cortexlua/cortexlua/bindings/internal/probes"
	"github.com/cortexlua/cortexlua/runtime"
)

// How much of a log an error carries: the message is for the eye, the details
// are for scripts.
const (
	logLinesKept  = 10
	logLinesShown = 3
	logLineWidth  = 300 // bytes
)

// logClock is how far the clock of files may lag behind the wall clock.
const logClock = 10 * time.Millisecond

// watcher watches the process behind a probe, to tell how it ended.
type watcher struct {
	proc  *process
	died  <-chan struct{}
	log   string // absolute; "" when unknown or not readable by the script
	roots *files.Roots
	since moment
}

// watcher takes hold of the process. Its log is only for messages here, so a
// script that may not read it goes without.
func (p *probeFuncs) watcher(c *runtime.Call, proc *process, log string, since moment) (*watcher, error) {
	died, err := proc.done()
	if err != nil {
		return nil, processError(err, "watch", proc)
	}
	w := &watcher{proc: proc, died: died, since: since}
	if log == "" {
		log = proc.log
	}
	if log != "" {
		if at, err := p.host.at(c, log, runtime.FSRead); err == nil {
			w.roots, w.log = at.roots, at.abs
		}
	}
	return w, nil
}

// explain turns the end of a wait into what the operator needs to know: which
// daemon, how it ended or what was missing, and the end of its log.
func (w *watcher) explain(ctx context.Context, err error, when string) error {
	var timeout *probes.TimeoutError
	var failed *probes.FailedError
	switch {
	case errors.Is(err, probes.ErrDied):
		how, details := w.proc.ended()
		return w.report(runtime.Failed, fmt.Sprintf("%s %s %s", w.proc, how, when), details)
	case errors.As(err, &timeout):
		last := "no try came to an end"
		if timeout.Last != nil {
			last = timeout.Last.Error()
		}
		details := map[string]any{"waited_for": timeout.What, "last": last, "tries": float64(timeout.Tries)}
		text := fmt.Sprintf("%s was not ready within %s: waited for %s: %s", w.proc, runtime.FormatDuration(timeout.Limit), timeout.What, last)
		return w.report(runtime.Timeout, text, details).
			WithHint("if it needs longer, raise timeout in the daemon's ready")
	case errors.As(err, &failed):
		return w.report(runtime.Failed, fmt.Sprintf("%s: %s", w.proc, failed), nil)
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return fileError(err)
}

// report makes an error that ends with the last lines of the log.
func (w *watcher) report(kind runtime.Kind, text string, details map[string]any) *runtime.Error {
	e := runtime.Errorf(kind, "%s", text).With("daemon", w.proc.name).With("pid", float64(w.proc.id.PID))
	for k, v := range details {
		e = e.With(k, v)
	}
	if w.log == "" {
		return e
	}
	e = e.With("log", w.log)
	lines, quiet := w.lastLines()
	if len(lines) == 0 {
		if quiet {
			e.Message += "; it wrote nothing to " + w.log
		}
		return e
	}
	kept := make([]any, len(lines))
	for i, line := range lines {
		kept[i] = line
	}
	shown := lines[max(0, len(lines)-logLinesShown):]
	e.Message += "; " + w.log + " ends with:\n    " + strings.Join(shown, "\n    ")
	return e.With("log_lines", kept)
}

// lastLines gives the end of the log. Lines from before the start would be taken
// for the reason of an end that they know nothing of; quiet says that there are
// only such.
func (w *watcher) lastLines() (lines []string, quiet bool) {
	info, err := w.roots.Stat(w.log, true)
	if err != nil {
		return nil, false
	}
	if m := w.since.mark; m != nil && m.log == w.log && m.end.Inode == info.Inode && m.end.Size == info.Size {
		return nil, true
	}
	if !w.since.at.IsZero() && info.ModTime.Before(w.since.at.Add(-logClock)) {
		return nil, true
	}
	tail, err := w.roots.Tail(w.log, logLinesKept)
	if err != nil {
		return nil, false
	}
	for _, line := range tail.Lines {
		line = strings.ToValidUTF8(line, "?")
		if len(line) > logLineWidth {
			line = strings.ToValidUTF8(line[:logLineWidth], "") + "..."
		}
		lines = append(lines, line)
	}
	return lines, false
}
