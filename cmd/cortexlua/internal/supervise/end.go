package supervise

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// orphanGrace is what programs have from SIGTERM to SIGKILL that outlive the run.
	orphanGrace = 500 * time.Millisecond
	// orphanPause is how often they are looked for meanwhile.
	orphanPause = 5 * time.Millisecond
)

// finish ends what is left, says what is to say, and exits.
func (w *watch) finish() {
	w.reap()
	for range 100 { // what the child said last may still be in the socket
		if !w.hear() {
			break
		}
	}
	w.sweep()
	code, line := w.verdict()
	if line != "" {
		fmt.Fprintf(w.stderr, "cortexlua: %s\n", line)
	}
	os.Exit(code)
}

// sweep ends what the run left behind. The daemons stay: they come to init when
// this process exits.
func (w *watch) sweep() {
	started := time.Now()
	grace := w.orphansUntil(started)
	asked := map[uint64]bool{}
	for pause := time.Duration(0); ; pause = orphanPause {
		time.Sleep(pause) // the end of an orphan's orphan sends us no signal
		if w.reap() {     // all that the run left would be ours
			w.left = nil
			return
		}
		w.left = w.tree.members()
		now := time.Now()
		if len(w.left) == 0 || now.After(grace.Add(killTime)) {
			return
		}
		for _, p := range w.left {
			switch {
			case w.ending != nil || !now.Before(grace):
				_ = p.signal(unix.SIGKILL)
			case !asked[key(p)]:
				asked[key(p)] = true
				_ = p.signal(unix.SIGTERM)
				_ = p.signal(unix.SIGCONT) // a stopped one could not end
			}
		}
	}
}

// orphansUntil is when the patience with orphans ends: orphanGrace from now, but no
// later than the run itself would have been killed. A run that has ended has no
// deadline any more, so the one it had counts.
func (w *watch) orphansUntil(now time.Time) time.Time {
	until := now.Add(orphanGrace)
	if last := w.named.Add(w.limits.Grace); !w.named.IsZero() && last.Before(until) {
		return last
	}
	return until
}

// key names a process in a set: its number is below 2^22.
func key(p process) uint64 { return p.ticks<<22 | uint64(p.pid) }

// verdict gives the exit code, and the line for the operator or "".
func (w *watch) verdict() (code int, line string) {
	code, line = w.outcome()
	if line != "" && w.record != "" {
		line += "\n  record: " + w.record
	}
	if line == "" && w.broken != nil {
		line = fmt.Sprintf("the run sent its supervisor %v; the limits it had named before were held", w.broken)
	}
	if len(w.left) > 0 {
		p := w.left[0]
		more := fmt.Sprintf("%d processes of the run could not be ended, such as %s (pid %d): they hang in the kernel", len(w.left), clean(p.name, 16), p.pid)
		if line != "" {
			more = line + "\n  " + more
		}
		line = more
	}
	return code, line
}

func (w *watch) outcome() (code int, line string) {
	switch {
	case w.ending != nil:
		return w.ending.code, w.ending.line
	case !w.status.Signaled():
		return w.exited(w.status.ExitStatus())
	}
	switch sig := w.status.Signal(); sig {
	case unix.SIGINT, unix.SIGTERM, unix.SIGHUP:
		return exitSignal + int(sig), ""
	case unix.SIGKILL:
		return exitCrashed, "the run was killed from outside (SIGKILL): by the kernel because memory ran out, or by someone"
	default:
		return exitCrashed, fmt.Sprintf("the runtime itself crashed (%s): this is a defect of cortexlua; what is above says where", unix.SignalName(sig))
	}
}

// exited judges an exit code. Go exits with 2 after a panic and after a fatal error.
func (w *watch) exited(code int) (int, string) {
	switch {
	case w.ended || code != 2:
		return code, ""
	case w.quit:
		return exitSignal + int(unix.SIGQUIT), ""
	}
	return exitCrashed, "the runtime itself crashed (a fatal error of Go): this is a defect of cortexlua; what is above says where"
}
