package supervise

import (
	"time"

	"golang.org/x/sys/unix"
)

// hear takes the messages that have come and does not wait for more. After the end
// of the line, or after nonsense, it takes none. It reports whether more may be
// there: it takes so many at a time that a flood does not keep the parent from its work.
func (w *watch) hear() (more bool) {
	buf := make([]byte, maxMessage+1)
	for range 100 {
		if w.silent {
			return false
		}
		n, err := unix.Read(w.control, buf)
		switch {
		case err == unix.EINTR:
			continue
		case err == unix.EAGAIN:
			return false
		case err != nil || n <= 0:
			w.silent = true
			return false
		}
		m, err := parseMessage(buf[:n])
		if err != nil {
			w.broken, w.silent = err, true
			return false
		}
		w.take(m)
	}
	return true
}

func (w *watch) take(m message) {
	switch m.word {
	case "listening":
		w.hears = true
	case "limits":
		w.limits = m.limits()
	case "deadline":
		w.deadline, w.why = m.deadline(), m.text
		if !w.deadline.IsZero() {
			w.named = w.deadline
		}
	case "daemon":
		if w.tree.register(int(m.numbers[0]), uint64(m.numbers[1]), m.text) {
			w.meter.lastPID = -1 // walk again, without it
		}
	case "record":
		w.record = m.text
	case "ended":
		w.ended, w.code = true, int(m.numbers[0]&0xff)
		w.leaveBy = time.Now().Add(leaveTime)
	}
}
