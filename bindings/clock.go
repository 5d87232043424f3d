package bindings

import (
	"context"
	"time"

	"github.com/cortexlua/cortexlua/runtime"
)

func clockModule(*Host) runtime.Module {
	return runtime.Module{
		Name: "clock",
		Doc:  "Tell the time, measure it, and wait.",
		Funcs: []runtime.Func{
			runtime.Query("now", "Gives the wall clock in seconds since 1970.", clockNow).
				Example(`clock.now() > 1700000000  --> true`),
			runtime.Query("monotonic", "Gives seconds on a clock that never steps, to measure how long something took.", clockMonotonic).
				Example(`clock.monotonic() >= 0  --> true`),
			runtime.Query("format", "Formats a time in seconds since 1970 as UTC in ISO 8601.", clockFormat).
				Example(`clock.format(0)  --> "1970-01-01T00:00:00Z"`),
			runtime.Query("seconds", "Gives the seconds of a duration, to compute with it.", clockSeconds).
				Example(`clock.seconds("1m30s")  --> 90`),
			runtime.Query("sleep", "Waits for a duration, or until the run is stopped. Prefer a probe that waits for what you need.", clockSleep).
				Example(`clock.sleep("1ms")  --> nil`),
		},
	}
}

func clockNow(_ context.Context, c *runtime.Call, _ struct{}) (time.Time, error) {
	return c.Now(), nil
}

// started is the zero of the monotonic clock: the program's start.
var started = time.Now()

func clockMonotonic(context.Context, *runtime.Call, struct{}) (float64, error) {
	return time.Since(started).Seconds(), nil
}

type clockFormatArgs struct {
	Time   time.Time `lua:"time" doc:"seconds since 1970"`
	Layout string    `lua:"layout,opt" default:"iso" enum:"iso,date,compact" doc:"iso: 2026-11-23T19:17:00Z; date: 2026-11-23; compact: 20261123T191700Z"`
}

func clockFormat(_ context.Context, _ *runtime.Call, a clockFormatArgs) (string, error) {
	layouts := map[string]string{"iso": time.RFC3339, "date": time.DateOnly, "compact": "20060102T150405Z"}
	return a.Time.UTC().Format(layouts[a.Layout]), nil
}

func clockSeconds(_ context.Context, _ *runtime.Call, a clockSleepArgs) (float64, error) {
	return a.Duration.Seconds(), nil
}

type clockSleepArgs struct {
	Duration time.Duration `lua:"duration" doc:"how long"`
}

func clockSleep(ctx context.Context, _ *runtime.Call, a clockSleepArgs) (runtime.None, error) {
	timer := time.NewTimer(a.Duration)
	defer timer.Stop()
	select {
	case <-timer.C:
		return runtime.None{}, nil
	case <-ctx.Done():
		return runtime.None{}, context.Cause(ctx)
	}
}
