package bindings

import (
	"context"
	"log/slog"
	"maps"
	"slices"

	"github.com/cortexlua/cortexlua/runtime"
)

func logModule(*Host) runtime.Module {
	return runtime.Module{
		Name: "log",
		Doc:  "Tell the operator what happens: structured lines of the run's log.",
		Funcs: []runtime.Func{
			runtime.Query("debug", "Logs a detail that matters when something is searched for.", logAt(slog.LevelDebug)),
			runtime.Query("info", "Logs what an operator wants to know.", logAt(slog.LevelInfo)).
				Example(`log.info("rotated", { file = "worker.log", bytes = 1048576 })  --> nil`),
			runtime.Query("warn", "Logs what is not as it should be, but does not stop the run.", logAt(slog.LevelWarn)),
			runtime.Query("error", "Logs a failure. The run goes on: raise an error to end it.", logAt(slog.LevelError)),
		},
	}
}

type logArgs struct {
	Message string          `lua:"message" doc:"what happened, in one line"`
	Fields  *map[string]any `lua:"fields" doc:"facts that belong to it, by name; may be left out"`
}

func logAt(level slog.Level) func(context.Context, *runtime.Call, logArgs) (runtime.None, error) {
	return func(ctx context.Context, c *runtime.Call, a logArgs) (runtime.None, error) {
		var attrs []any
		if a.Fields != nil {
			for _, name := range slices.Sorted(maps.Keys(*a.Fields)) {
				attrs = append(attrs, slog.Any(name, (*a.Fields)[name]))
			}
		}
		c.Log(ctx, level, a.Message, attrs...)
		return runtime.None{}, nil
	}
}
