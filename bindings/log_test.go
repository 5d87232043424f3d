package bindings

import (
	"fmt"
	"log/slog"
	"reflect"
	"testing"

	"github.com/cortexlua/cortexlua/runtime"
)

// logLines collects the log of a run.
type logLines struct{ lines []string }

func (l *logLines) Observe(e runtime.Event) {
	if e.Type != runtime.LogWritten {
		return
	}
	line := e.Level.String() + " " + e.Text
	for _, a := range e.Attrs {
		line += fmt.Sprintf(" %s=%v", a.Key, a.Value)
	}
	l.lines = append(l.lines, line)
}

func TestLog(t *testing.T) {
	h, _ := newHost(t, "", emptyRegistry)
	seen := &logLines{}
	value(t, runWith(t, h, runtime.Options{Observer: seen}, `
		log.debug("a")
		log.info("b", { pid = 4711, daemon = "worker" })
		log.warn("c", {})
		log.error("d", { nested = { 1, 2 } })
	`))
	want := []string{
		slog.LevelDebug.String() + " a",
		slog.LevelInfo.String() + " b daemon=worker pid=4711",
		slog.LevelWarn.String() + " c",
		slog.LevelError.String() + " d nested=[1 2]",
	}
	if !reflect.DeepEqual(seen.lines, want) {
		t.Errorf("got %q, want %q", seen.lines, want)
	}
	for _, script := range []string{`log.info()`, `log.info({})`, `log.info("x", "y")`, `log.info("x", { 1, 2 })`, `log.info("x", {}, 3)`} {
		fails(t, run(t, h, script), runtime.Invalid)
	}
}
