package supervise

import (
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// watch is the parent's view of one run. The main thread holds mu but while it
// waits; then a goroutine takes signals.
type watch struct {
	mu      sync.Mutex
	child   int
	control int // nonblocking
	stderr  io.Writer
	tree    tree
	meter   meter

	limits   Limits
	deadline time.Time // zero: none
	weighAt  time.Time // when to look at memory next
	named    time.Time // the last deadline that the child named; zero: it named none
	why      string    // what the deadline is
	record   string
	requests requests // to stop, that this process was sent
	last     syscall.Signal
	hears    bool  // the child takes requests from us
	broken   error // the child sent nonsense
	silent   bool  // nothing more is heard from the child
	quit     bool  // SIGQUIT: somebody wants a dump of the child
	ended    bool  // the child said that it is about to exit
	code     int   // with this code

	leaveBy time.Time // the child was told to go at once; zero: it was not
	ending  *ending   // we have decided to end the tree
	gone    bool      // the child was reaped
	status  syscall.WaitStatus
	left    []process // survived everything
}

// ending is why the parent kills the tree.
type ending struct {
	code int
	line string // "" if there is nothing to tell
	at   time.Time
}

const (
	// leaveTime is what a child has that said it would exit, or was told to.
	leaveTime = time.Second
	// killTime is how long a killed process may take to go; a process that hangs in
	// the kernel does not go at all.
	killTime = 2 * time.Second
)

func newWatch(child, control int, o Options) *watch {
	w := &watch{
		child: child, control: control, stderr: o.Stderr,
		tree:     tree{self: os.Getpid(), child: child},
		limits:   Limits{Memory: o.Memory, Grace: defaultGrace},
		deadline: time.Now().Add(o.Startup),
		weighAt:  time.Now().Add(maxLook),
		why:      fmt.Sprintf("the %v that a run has to start", o.Startup),
	}
	w.meter.tree = &w.tree
	return w
}

// loop watches until the child is gone, or will not go. All waiting is in one
// ppoll(2) of the main thread: timers and goroutines of Go would wake several
// threads for each look, which costs more than the look. A short run is over
// before the first.
func (w *watch) loop() {
	pidfd, err := unix.PidfdOpen(w.child, 0)
	if err != nil {
		pidfd = -1 // not before Linux 5.3: the child is looked for with the rest
	}
	for next := maxLook; !w.gone && !w.stuck(); next = w.look() {
		line := w.control
		if w.silent {
			line = -1
		}
		fds := []unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}, {Fd: int32(line), Events: unix.POLLIN}}
		timeout := unix.NsecToTimespec(int64(next))
		w.mu.Unlock()
		_, _ = unix.Ppoll(fds, &timeout, nil) // interrupted or not, we look
		w.mu.Lock()
		if fds[1].Revents != 0 {
			w.hear()
		}
	}
}

func (w *watch) stuck() bool { return w.ending != nil && time.Since(w.ending.at) > killTime }

// look holds everything against its limit, and says when to look again.
func (w *watch) look() time.Duration {
	w.reap()
	if w.gone {
		return 0
	}
	if w.ending == nil {
		w.judge(time.Now())
	}
	next := minLook
	if w.ending == nil {
		next = w.weighWhenDue(time.Now())
	}
	if w.ending != nil {
		w.kill()
		return minLook
	}
	for _, t := range []time.Time{w.lastMoment(), w.leaveBy} {
		if !t.IsZero() {
			next = min(next, max(time.Until(t), 0))
		}
	}
	return next
}

// weighWhenDue weighs the tree if it is time to, however often there is something
// to hear: looking at a process leaves entries in the kernel that cost it time at
// its end, and a short run is over before its first.
func (w *watch) weighWhenDue(now time.Time) time.Duration {
	if now.Before(w.weighAt) {
		return w.weighAt.Sub(now)
	}
	next := w.weigh()
	w.weighAt = now.Add(next)
	return next
}

// weigh ends the tree if it uses too much memory, and says when to weigh it again.
func (w *watch) weigh() time.Duration {
	limit := w.limits.Memory
	if limit <= 0 {
		return maxLook
	}
	used, most := w.meter.used(), mostUsed(limit)
	if used > most {
		if o, over := w.meter.over(limit); over {
			w.end(exitLimit, o.String())
		}
	}
	return lookAgainIn(used, most)
}

// lastMoment is the deadline and the grace after it.
func (w *watch) lastMoment() time.Time {
	if w.deadline.IsZero() {
		return time.Time{}
	}
	return w.deadline.Add(w.limits.Grace)
}

// judge ends the tree if its time is over. On a busy machine this process may come
// late to a message that moves the deadline, so it hears first.
func (w *watch) judge(now time.Time) {
	over := func(t time.Time) bool { return !t.IsZero() && !now.Before(t) }
	if over(w.lastMoment()) || over(w.leaveBy) {
		w.hear()
	}
	switch {
	case over(w.leaveBy) && w.ended:
		w.end(w.code, "")
	case over(w.leaveBy):
		w.end(exitSignal+int(w.last), "the run did not end at the second signal and was killed")
	case w.ended:
	case over(w.lastMoment()):
		w.end(exitTimeout, "the run did not end in time and was killed: "+w.why)
	}
}

func (w *watch) end(code int, line string) { w.ending = &ending{code, line, time.Now()} }

// takeSignals takes what is sent to this process.
func (w *watch) takeSignals(signals <-chan os.Signal) {
	for s := range signals {
		w.mu.Lock()
		sig := s.(syscall.Signal)
		switch {
		case w.gone, sig == unix.SIGPIPE:
		case sig == unix.SIGQUIT:
			w.quit = true
			_ = unix.Kill(w.child, sig) // not reaped yet, so the number is the child's
		default:
			w.request(sig)
		}
		w.mu.Unlock()
	}
}

// request passes a request to stop to the child. One that does not listen yet gets
// the signal itself; if it has received it already, that changes nothing.
func (w *watch) request(sig syscall.Signal) {
	if !w.requests.add(time.Now()) {
		return
	}
	w.last = sig
	_, err := unix.Write(w.control, signalMessage(sig).encode())
	if err != nil || !w.hears {
		_ = unix.Kill(w.child, sig)
	}
	if w.requests.n > 1 && w.leaveBy.IsZero() {
		w.leaveBy = time.Now().Add(leaveTime)
	}
}

// reap takes the exit status of the child, and of what came to us as orphans. It
// reports whether we have no children any more, dead or alive.
func (w *watch) reap() (none bool) {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || pid <= 0 {
			return err == syscall.ECHILD
		}
		if pid == w.child {
			w.gone, w.status = true, status
		}
	}
}

// kill ends every process of the tree. Who ended meanwhile is no error.
func (w *watch) kill() {
	for _, p := range w.tree.members() {
		_ = p.signal(unix.SIGKILL)
	}
}
