package probes

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrDied says that the process behind a probe ended while it was waited for.
var ErrDied = errors.New("the process ended")

// TimeoutError says that a probe did not pass in time.
type TimeoutError struct {
	What  string        // what was waited for
	Limit time.Duration // how long
	Tries int
	Last  error // why the last try failed; nil when none came to an end
}

// Error reads "waited 30s for 127.0.0.1:5001 to accept a connection:
// 127.0.0.1:5001: connection refused".
func (e *TimeoutError) Error() string {
	return fmt.Sprintf("waited %s for %s: %s", e.Limit, e.What, e.why())
}

func (e *TimeoutError) why() string {
	if e.Last == nil {
		return "no try came to an end"
	}
	return e.Last.Error()
}

// Unwrap gives the failure of the last try.
func (e *TimeoutError) Unwrap() error { return e.Last }

// FailedError says that a probe failed too often in a row, or failed again after
// it had passed.
type FailedError struct {
	What  string
	Tries int // failed tries in a row
	Err   error
}

// Error gives the reason of the last failure.
func (e *FailedError) Error() string {
	if e.Tries == 1 {
		return fmt.Sprintf("%s: %s", e.What, e.Err)
	}
	return fmt.Sprintf("%s: %s (%d times in a row)", e.What, e.Err, e.Tries)
}

// Unwrap gives the failure.
func (e *FailedError) Unwrap() error { return e.Err }

// Options says how to wait.
type Options struct {
	// Timeout is how long to wait; 0: as long as the context allows.
	Timeout time.Duration
	// Interval is the time between the tries of a probe that the kernel cannot
	// watch; 0: 100 ms.
	Interval time.Duration
	// Try bounds one try; 0: 5 s.
	Try time.Duration
	// Successes is how many tries must pass in a row; 0: 1.
	Successes int
	// Failures gives up after as many failed tries in a row; 0: never.
	Failures int
	// Died is closed when the process behind the probe has ended; nil: never.
	Died <-chan struct{}
}

func (o Options) filled() Options {
	if o.Interval <= 0 {
		o.Interval = 100 * time.Millisecond
	}
	if o.Try <= 0 {
		o.Try = 5 * time.Second
	}
	o.Successes = max(o.Successes, 1)
	return o
}

// errTime is the cause of a context that Options.Timeout ended.
var errTime = errors.New("the probe's time is up")

// Check looks once, for no longer than Options.Try.
func Check(ctx context.Context, p Probe, o Options) error {
	ctx, cancel := context.WithTimeout(ctx, o.filled().Try)
	defer cancel()
	return p.Check(ctx)
}

// Wait returns nil when the probe passes. It fails with [ErrDied], a
// [*TimeoutError], a [*FailedError], or the context's cause.
func Wait(ctx context.Context, p Probe, o Options) error {
	w := &waiter{probe: p, opts: o.filled()}
	ctx, cancel := until(ctx, w.opts.Timeout, w.opts.Died)
	defer cancel()
	err := w.wait(ctx)
	switch {
	case over(o.Died):
		return ErrDied
	case errors.Is(err, errTime):
		return &TimeoutError{What: p.String(), Limit: o.Timeout, Tries: w.tries, Last: w.last}
	}
	return err
}

// Settle lets time pass, in which the process must not end, and then looks
// whether the probe still passes. It fails with [ErrDied], a [*FailedError], or
// the context's cause.
func Settle(ctx context.Context, p Probe, settle time.Duration, o Options) error {
	if settle > 0 {
		waiting, cancel := until(ctx, settle, o.Died)
		defer cancel()
		<-waiting.Done()
		if err := context.Cause(waiting); !errors.Is(err, errTime) {
			return err
		}
	}
	err := Check(ctx, p, o)
	switch {
	case over(o.Died):
		return ErrDied
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return &FailedError{What: "it was ready and is not any more", Tries: 1, Err: err}
	}
	return nil
}

// until is a context that ends with errTime, ErrDied or its parent.
func until(parent context.Context, limit time.Duration, died <-chan struct{}) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(parent)
	var expired <-chan time.Time
	var timer *time.Timer
	if limit > 0 {
		timer = time.NewTimer(limit)
		expired = timer.C
	}
	go func() {
		select {
		case <-died:
			cancel(ErrDied)
		case <-expired:
			cancel(errTime)
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		if timer != nil {
			timer.Stop()
		}
		cancel(context.Canceled)
	}
}

func over(died <-chan struct{}) bool {
	select {
	case <-died:
		return true
	default:
		return false
	}
}

// waiter is one Wait under way.
type waiter struct {
	probe          Probe
	opts           Options
	tries          int
	passes, misses int // in a row
	last           error
}

func (w *waiter) wait(ctx context.Context) error {
	if p, ok := w.probe.(watched); ok && w.opts.Successes == 1 {
		roots, path := p.watch()
		// Without its root nothing can be watched yet, only tried again.
		if _, err := roots.Resolve(path); err == nil {
			return roots.Wait(ctx, []string{path}, func() (bool, error) { return w.try(ctx) })
		}
	}
	for {
		if done, err := w.try(ctx); done || err != nil {
			return err
		}
		if err := pause(ctx, w.opts.Interval); err != nil {
			return err
		}
	}
}

// try looks once and counts. An error ends the wait.
func (w *waiter) try(ctx context.Context) (bool, error) {
	err := Check(ctx, w.probe, w.opts)
	if ctx.Err() != nil {
		return false, context.Cause(ctx) // a try that was cut off says nothing
	}
	w.tries++
	if err == nil {
		w.passes, w.misses = w.passes+1, 0
		return w.passes >= w.opts.Successes, nil
	}
	w.passes, w.misses, w.last = 0, w.misses+1, err
	if w.opts.Failures > 0 && w.misses >= w.opts.Failures {
		return false, &FailedError{What: "waiting for " + w.probe.String(), Tries: w.misses, Err: err}
	}
	return false, nil
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
