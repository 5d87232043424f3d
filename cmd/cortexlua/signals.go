package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/cortexlua/cortexlua/runtime"
)

// withSignals gives a context that the first SIGINT, SIGTERM or SIGHUP ends, so
// that the run stops in order; the second ends the program at once. SIGPIPE is
// ignored: a reader of our output that goes away must not leave a run half done.
func withSignals(ctx context.Context) (context.Context, func()) {
	if ctx == nil {
		ctx = context.Background()
	}
	ctx, cancel := context.WithCancelCause(ctx)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	signal.Ignore(syscall.SIGPIPE)
	go func() {
		first, ok := <-signals
		if !ok {
			return
		}
		cancel(&runtime.Interrupted{Signal: first.(syscall.Signal)})
		if second, ok := <-signals; ok {
			os.Exit(runtime.ExitSignal + int(second.(syscall.Signal)))
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(signals)
		cancel(nil)
	}
}
