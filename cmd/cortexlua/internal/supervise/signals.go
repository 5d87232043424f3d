package supervise

import (
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"
)

// burst is how close signals are that count as one request.
const burst = 100 * time.Millisecond

// requests counts the requests among the signals that one process receives.
type requests struct {
	n    int
	last time.Time
}

// add reports whether a signal at this time is a new request.
func (r *requests) add(now time.Time) bool {
	again := r.n > 0 && now.Sub(r.last) < burst
	r.last = now
	if !again {
		r.n++
	}
	return !again
}

// heeded gives the signals less what this process was started to ignore: nohup(1)
// ignores SIGHUP, a shell SIGINT for what it puts in the background.
func heeded(signals ...os.Signal) []os.Signal {
	return slices.DeleteFunc(signals, signal.Ignored)
}

// stopSignals are those that ask a run to stop.
func stopSignals() []os.Signal { return heeded(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP) }

// parentSignals are those that the parent must not die of. SIGPIPE is caught, not
// ignored: what is ignored stays so in the programs of the run.
func parentSignals() []os.Signal {
	return append(stopSignals(), heeded(syscall.SIGQUIT, syscall.SIGPIPE)...)
}

// Signals gives every request to stop (SIGINT, SIGTERM, SIGHUP) once, whether this
// process, its parent or both received the signal. On the first a run stops in
// order, on the second it ends at once. stop gives the signals back to their
// default actions.
//
// It works without a parent too.
func (c *Child) Signals() (asked <-chan syscall.Signal, stop func()) {
	own := make(chan os.Signal, 4)
	if list := stopSignals(); len(list) > 0 {
		signal.Notify(own, list...)
	}
	var parents <-chan syscall.Signal
	if c != nil {
		parents = c.signals
		c.send(message{word: "listening"})
	}
	out := make(chan syscall.Signal, 2)
	quit := make(chan struct{})
	go merge(own, parents, out, quit)
	var once sync.Once
	return out, func() { once.Do(func() { signal.Stop(own); close(quit) }) }
}

// merge counts both sources and passes on what the larger count says.
func merge(own <-chan os.Signal, parents <-chan syscall.Signal, out chan<- syscall.Signal, quit <-chan struct{}) {
	var mine requests
	theirs, told := 0, 0
	for {
		var sig syscall.Signal
		select {
		case s := <-own:
			sig = s.(syscall.Signal)
			mine.add(time.Now())
		case sig = <-parents:
			theirs++
		case <-quit:
			return
		}
		if max(mine.n, theirs) > told {
			told++
			select {
			case out <- sig:
			default: // nobody took the first two
			}
		}
	}
}
