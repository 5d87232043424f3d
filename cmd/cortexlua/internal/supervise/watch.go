package supervise

import (
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// watch is the parent's view of one run. Everything in it belongs to the loop.
type watch struct {
	child   int
	control *os.File
	tree    tree
	meter   meter

	limits   Limits
	deadline time.Time // zero: none
	why      string    // what the deadline is
	record   string
	requests requests // to stop, that this process was sent
	last     syscall.Signal
	hears    bool  // the child takes requests from us
	broken   error // the child sent nonsense
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

func newWatch(child int, control *os.File, o Options) *watch {
	w := &watch{
		child: child, control: control,
		tree:     tree{self: os.Getpid(), child: child},
		limits:   Limits{Memory: o.Memory, Grace: defaultGrace},
		deadline: time.Now().Add(o.Startup),
		why:      fmt.Sprintf("the %v that a run has to start", o.Startup),
	}
	w.meter.tree = &w.tree
	return w
}

// packet is what the reader of the control socket passes to the loop.
type packet struct {
	message
	err error
}

// read passes on messages until the line ends. After nonsense it listens no more.
func read(control *os.File, out chan<- packet) {
	defer close(out)
	buf := make([]byte, maxMessage+1)
	for {
		n, err := control.Read(buf)
		if err != nil || n == 0 {
			return
		}
		m, err := parseMessage(buf[:n])
		out <- packet{m, err}
		if err != nil {
			return
		}
	}
}

// loop watches until the child is gone, or will not go.
func (w *watch) loop(signals <-chan os.Signal) {
	packets := make(chan packet)
	go read(w.control, packets)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for in := packets; !w.gone && !w.stuck(); {
		select {
		case s := <-signals:
			w.signaled(s.(syscall.Signal))
		case p, ok := <-in:
			if !ok {
				in = nil
				continue
			}
			w.hear(p)
		case <-timer.C:
			if w.late() { // maybe we are, and it has moved
				w.catchUp(in)
			}
		}
		timer.Reset(w.look())
	}
	// What the child said last may still be in the socket. If something else holds
	// the other end, there is no end of file.
	_ = w.control.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	for p := range packets {
		w.hear(p)
	}
}

func (w *watch) late() bool {
	last := w.lastMoment()
	return w.ending == nil && !last.IsZero() && !time.Now().Before(last)
}

// catchUp hears what was said before now. On a busy machine this process may come
// late to both the deadline and the message that moves it.
func (w *watch) catchUp(in <-chan packet) {
	quiet := time.NewTimer(5 * time.Millisecond)
	defer quiet.Stop()
	for {
		select {
		case p, ok := <-in:
			if !ok {
				return
			}
			w.hear(p)
			if !w.late() {
				return
			}
		case <-quiet.C:
			return
		}
	}
}

func (w *watch) stuck() bool { return w.ending != nil && time.Since(w.ending.at) > killTime }

// look holds everything against its limit, and says when to look again.
func (w *watch) look() time.Duration {
	now := time.Now()
	next := minLook
	if w.ending == nil {
		w.judge(now)
	}
	if w.ending == nil {
		next = w.weigh()
	}
	if w.ending != nil {
		w.kill()
		return minLook
	}
	for _, t := range []time.Time{w.lastMoment(), w.leaveBy} {
		if !t.IsZero() {
			next = min(next, max(t.Sub(now), 0))
		}
	}
	return next
}

// weigh ends the tree if it uses too much memory, and says when to weigh it again.
func (w *watch) weigh() time.Duration {
	limit := w.limits.Memory
	if limit <= 0 {
		return maxLook
	}
	used := w.meter.used()
	if used > limit {
		if o, over := w.meter.over(limit); over {
			w.end(exitLimit, o.String())
		}
	}
	return lookAgainIn(used, limit)
}

// lastMoment is the deadline and the grace after it.
func (w *watch) lastMoment() time.Time {
	if w.deadline.IsZero() {
		return time.Time{}
	}
	return w.deadline.Add(w.limits.Grace)
}

// judge ends the tree if its time is over.
func (w *watch) judge(now time.Time) {
	over := func(t time.Time) bool { return !t.IsZero() && !now.Before(t) }
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

// hear takes a message from the child.
func (w *watch) hear(p packet) {
	if p.err != nil {
		w.broken = p.err
		return
	}
	switch p.word {
	case "listening":
		w.hears = true
	case "limits":
		w.limits = p.limits()
	case "deadline":
		w.deadline, w.why = p.deadline(), p.text
	case "daemon":
		if w.tree.register(int(p.numbers[0]), uint64(p.numbers[1]), p.text) {
			w.meter.lastPID = -1 // walk again, without it
		}
	case "record":
		w.record = p.text
	case "ended":
		w.ended, w.code = true, int(p.numbers[0]&0xff)
		w.leaveBy = time.Now().Add(leaveTime)
	}
}

// signaled takes a signal to this process.
func (w *watch) signaled(sig syscall.Signal) {
	switch sig {
	case unix.SIGCHLD:
		w.reap()
	case unix.SIGQUIT:
		w.quit = true
		_ = unix.Kill(w.child, sig) // not reaped yet, so the number is the child's
	default:
		w.request(sig)
	}
}

// request passes a request to stop to the child. One that does not listen yet gets
// the signal itself; if it has received it already, that changes nothing.
func (w *watch) request(sig syscall.Signal) {
	if !w.requests.add(time.Now()) {
		return
	}
	w.last = sig
	_, err := w.control.Write(signalMessage(sig).encode())
	if err != nil || !w.hears {
		_ = unix.Kill(w.child, sig)
	}
	if w.requests.n > 1 && w.leaveBy.IsZero() {
		w.leaveBy = time.Now().Add(leaveTime)
	}
}

// reap takes the exit status of the child, and of what came to us as orphans.
func (w *watch) reap() {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || pid <= 0 {
			return
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
