package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/cortexlua/cortexlua/runtime"
)

// reporter tells an operator what a run does, on standard error: finished steps
// as lines that stay, and on a terminal one live line below them with what runs
// now and what it waits for.
type reporter struct {
	w       io.Writer
	live    bool // a terminal: the last line is redrawn
	style   style
	verbose bool

	mu       sync.Mutex
	running  []runningStep
	progress string
	drawn    bool
	stop     chan struct{}
	stopped  sync.WaitGroup
}

type runningStep struct {
	name  string
	since time.Time
}

// redraw is how often the live line's clock moves on.
const redraw = 200 * time.Millisecond

func newReporter(w io.Writer, verbose bool) *reporter {
	r := &reporter{w: w, verbose: verbose, style: styleFor(w), stop: make(chan struct{})}
	r.live = isTerminal(w) && os.Getenv("TERM") != "dumb"
	if r.live {
		r.stopped.Go(r.tick)
	}
	return r
}

// close removes the live line. It may be called twice.
func (r *reporter) close() {
	r.mu.Lock()
	select {
	case <-r.stop:
	default:
		close(r.stop)
	}
	r.erase()
	r.live = false
	r.mu.Unlock()
	r.stopped.Wait()
}

func (r *reporter) tick() {
	t := time.NewTicker(redraw)
	defer t.Stop()
	for {
		select {
		case <-r.stop:
			return
		case <-t.C:
			r.mu.Lock()
			r.draw()
			r.mu.Unlock()
		}
	}
}

// Observe implements runtime.Observer.
func (r *reporter) Observe(e runtime.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch e.Type {
	case runtime.StepStarted, runtime.UndoStarted:
		r.running = append(r.running, runningStep{e.Text, time.Now()})
	case runtime.StepEnded:
		r.finish(e, "✓", "✗")
	case runtime.UndoEnded:
		r.finish(e, "↩", "✗")
	case runtime.ChangeMade:
		if e.Planned {
			r.line("  would %s", e.Text)
		} else if r.verbose {
			r.line("      %s", r.style.dim(e.Text))
		}
	case runtime.LogWritten:
		r.logLine(e)
	case runtime.Progress:
		r.progress = e.Text
	}
	r.draw()
}

// finish takes a step off the running ones and leaves its line.
func (r *reporter) finish(e runtime.Event, good, bad string) {
	for i := len(r.running) - 1; i >= 0; i-- {
		if r.running[i].name == e.Text {
			r.running = append(r.running[:i], r.running[i+1:]...)
			break
		}
	}
	r.progress = ""
	if e.Err != nil {
		r.line("  %s %s  %s", r.style.red(bad), e.Text, r.style.dim(tookText(e.Took)))
		return
	}
	r.line("  %s %s  %s", r.style.green(good), e.Text, r.style.dim(tookText(e.Took)))
}

func (r *reporter) logLine(e runtime.Event) {
	if e.Level < slog.LevelInfo && !r.verbose {
		return
	}
	text := e.Text
	for _, a := range e.Attrs {
		text += fmt.Sprintf(" %s=%v", a.Key, a.Value)
	}
	switch {
	case e.Level >= slog.LevelError:
		r.line("  %s %s", r.style.red("error:"), text)
	case e.Level >= slog.LevelWarn:
		r.line("  %s %s", r.style.yellow("warning:"), text)
	default:
		r.line("    %s", text)
	}
}

// line writes a line that stays.
func (r *reporter) line(format string, args ...any) {
	r.erase()
	fmt.Fprintf(r.w, format+"\n", args...)
}

func (r *reporter) erase() {
	if r.drawn {
		fmt.Fprint(r.w, "\r\x1b[K")
		r.drawn = false
	}
}

// draw shows the innermost running step.
func (r *reporter) draw() {
	if !r.live || len(r.running) == 0 {
		return
	}
	r.erase()
	now := r.running[len(r.running)-1]
	text := fmt.Sprintf("  … %s  %s", now.name, tookText(time.Since(now.since)))
	if r.progress != "" {
		text += "  " + r.progress
	}
	if width := terminalWidth(r.w); width > 0 {
		text = clip(text, width-1)
	}
	fmt.Fprint(r.w, r.style.dim(text))
	r.drawn = true
}

// around gives a writer that leaves the live line alone while it writes.
func (r *reporter) around(w io.Writer) io.Writer { return aroundLive{r, w} }

type aroundLive struct {
	r *reporter
	w io.Writer
}

func (a aroundLive) Write(p []byte) (int, error) {
	a.r.mu.Lock()
	defer a.r.mu.Unlock()
	a.r.erase()
	return a.w.Write(p)
}

func tookText(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%.0fs", d.Seconds())
	}
	return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
}

func clip(s string, n int) string {
	runes := []rune(s)
	if len(runes) <= n || n < 1 {
		return s
	}
	return string(runes[:n-1]) + "…"
}

func indent(text, by string) string { return by + strings.ReplaceAll(text, "\n", "\n"+by) }
