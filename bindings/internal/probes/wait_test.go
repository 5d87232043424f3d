package probes

import (
	"context"
	"errors"
	"testing"
	"time"
)

// script is a probe whose tries end as listed; the last one repeats.
type script struct {
	results []error
	tries   int
}

func (s *script) String() string { return "the script to pass" }

func (s *script) Check(context.Context) error {
	r := s.results[min(s.tries, len(s.results)-1)]
	s.tries++
	return r
}

var errNo = errors.New("not yet")

func TestWaitCountsTries(t *testing.T) {
	for _, c := range []struct {
		name    string
		results []error
		opts    Options
		tries   int
		fails   bool
	}{
		{"passes at once", []error{nil}, Options{}, 1, false},
		{"passes the third time", []error{errNo, errNo, nil}, Options{}, 3, false},
		{"needs two in a row", []error{nil, errNo, nil, nil}, Options{Successes: 2}, 4, false},
		{"gives up after three in a row", []error{errNo, nil, errNo, errNo, errNo}, Options{Successes: 2, Failures: 3}, 5, true},
	} {
		s := &script{results: c.results}
		c.opts.Interval = time.Millisecond
		err := Wait(testContext(t), s, c.opts)
		var failed *FailedError
		if errors.As(err, &failed) != c.fails || !c.fails && err != nil || s.tries != c.tries {
			t.Errorf("%s: %d tries, %v", c.name, s.tries, err)
		}
		if c.fails && !errors.Is(err, errNo) {
			t.Errorf("%s: %v does not wrap the last failure", c.name, err)
		}
	}
}

func TestWaitTimesOut(t *testing.T) {
	err := Wait(testContext(t), &script{results: []error{errNo}}, Options{Timeout: 30 * time.Millisecond, Interval: time.Millisecond})
	var timeout *TimeoutError
	if !errors.As(err, &timeout) || timeout.Tries == 0 || !errors.Is(err, errNo) {
		t.Fatalf("got %v", err)
	}
	want(t, "message", err, "waited 30ms for the script to pass: not yet")
}

// hang is a probe that never answers.
type hang struct{}

func (hang) String() string { return "an answer" }

func (hang) Check(ctx context.Context) error {
	<-ctx.Done()
	return context.Cause(ctx)
}

func TestWaitCutsOffATryThatHangs(t *testing.T) {
	err := Wait(testContext(t), hang{}, Options{Timeout: 30 * time.Millisecond})
	want(t, "the only try hangs", err, "waited 30ms for an answer: no try came to an end")
	err = Wait(testContext(t), hang{}, Options{Try: 5 * time.Millisecond, Interval: time.Millisecond, Failures: 2})
	want(t, "each try is bounded", err, "2 times in a row")
}

func TestWaitEndsWithTheProcess(t *testing.T) {
	died := make(chan struct{})
	time.AfterFunc(20*time.Millisecond, func() { close(died) })
	if err := Wait(testContext(t), hang{}, Options{Died: died, Try: patience}); !errors.Is(err, ErrDied) {
		t.Errorf("a try under way: %v", err)
	}
	if err := Wait(testContext(t), &script{results: []error{nil}}, Options{Died: died}); !errors.Is(err, ErrDied) {
		t.Errorf("a probe that passes for a dead process: %v", err)
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	cause := errors.New("the run was stopped")
	ctx, cancel := context.WithCancelCause(testContext(t))
	time.AfterFunc(10*time.Millisecond, func() { cancel(cause) })
	if err := Wait(ctx, &script{results: []error{errNo}}, Options{Interval: patience}); !errors.Is(err, cause) {
		t.Errorf("waiting: %v", err)
	}
	if err := Settle(ctx, Alive{}, time.Minute, Options{}); !errors.Is(err, cause) {
		t.Errorf("settling: %v", err)
	}
}

func TestSettle(t *testing.T) {
	started := time.Now()
	if err := Settle(testContext(t), Alive{}, 30*time.Millisecond, Options{}); err != nil {
		t.Errorf("a live process: %v", err)
	}
	if took := time.Since(started); took < 30*time.Millisecond {
		t.Errorf("it took %s only", took)
	}
	if err := Settle(testContext(t), Alive{}, 0, Options{}); err != nil {
		t.Errorf("no time to settle: %v", err)
	}
	died := make(chan struct{})
	time.AfterFunc(10*time.Millisecond, func() { close(died) })
	if err := Settle(testContext(t), Alive{}, time.Minute, Options{Died: died}); !errors.Is(err, ErrDied) {
		t.Errorf("a process that dies: %v", err)
	}
	var failed *FailedError
	if err := Settle(testContext(t), &script{results: []error{errNo}}, time.Millisecond, Options{}); !errors.As(err, &failed) {
		t.Errorf("a probe that fails at the end: %v", err)
	}
}
