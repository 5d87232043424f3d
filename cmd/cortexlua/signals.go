package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/cortexlua/cortexlua/cmd/cortexlua/internal/supervise"
	"github.com/cortexlua/cortexlua/runtime"
)

// withSignals gives a context that the first SIGINT, SIGTERM or SIGHUP ends, so
// that the run stops in order; the second ends the program at once.
func withSignals(ctx context.Context, parent *supervise.Child) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	asked, stop := parent.Signals()
	done := make(chan struct{})
	go func() {
		select {
		case first := <-asked:
			cancel(&runtime.Interrupted{Signal: first})
		case <-done:
			return
		}
		select {
		case second := <-asked:
			fmt.Fprintln(os.Stderr, "cortexlua: stopped at once; what was begun is neither finished nor undone\n  next: cortexlua run status")
			parent.Exit(runtime.ExitSignal + int(second))
		case <-done:
		}
	}()
	return ctx, func() {
		stop()
		close(done)
		cancel(nil)
	}
}

// surviveClosedPipe lets a write to a closed pipe fail instead of ending the
// program: a reader of our output that goes away must not leave a run half done.
// The signal is caught, not ignored: programs that we start would inherit that.
func surviveClosedPipe() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }
