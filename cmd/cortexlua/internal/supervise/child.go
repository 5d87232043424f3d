package supervise

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Marker is the environment variable by which a child knows its parent: the
// parent's pid and the number of the control socket, "123:3". Attach removes it.
const Marker = "CORTEXLUA_SUPERVISED"

// Child is the child's line to its parent. All methods may be called on nil, which
// is a program without a parent, and from any goroutine. None of them fails: with
// the line broken, the parent goes by what it last heard.
type Child struct {
	mu      sync.Mutex
	control *os.File
	signals chan syscall.Signal // what the parent was sent
}

// Supervised reports whether this process was started by [Parent]. A marker that
// was inherited from further up names another parent and does not count.
func Supervised() bool {
	_, ok := marked(os.Getenv(Marker))
	return ok
}

func marked(value string) (fd int, ok bool) {
	parent, number, _ := strings.Cut(value, ":")
	pid, err := strconv.Atoi(parent)
	if err != nil || pid != os.Getppid() {
		return 0, false
	}
	fd, err = strconv.Atoi(number)
	if err != nil || fd < 3 {
		return 0, false
	}
	var st unix.Stat_t
	return fd, unix.Fstat(fd, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFSOCK
}

// Attach opens the line to the parent, or returns nil if there is none. Call it
// once, before anything is started: it keeps the socket and the marker from the
// programs that this process will start.
func Attach() *Child {
	fd, ok := marked(os.Getenv(Marker))
	os.Unsetenv(Marker)
	if !ok {
		return nil
	}
	unix.CloseOnExec(fd)
	rename()
	buf := make([]byte, maxMessage)
	if n, err := unix.Read(fd, buf); err != nil || string(buf[:n]) != "watching" {
		return nil // the parent is gone, and the kernel is about to end us
	}
	if unix.SetNonblock(fd, true) != nil {
		return nil
	}
	c := &Child{control: os.NewFile(uintptr(fd), "control"), signals: make(chan syscall.Signal, 2)}
	go c.listen()
	return c
}

// rename lets ps show what it should. It would show "exe", the last part of the
// path that was executed.
func rename() {
	fd, err := unix.Open("/proc/self/comm", unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err == nil {
		_, _ = unix.Write(fd, []byte("cortexlua"))
		_ = unix.Close(fd)
	}
}

// listen takes the parent's messages until the line ends.
func (c *Child) listen() {
	buf := make([]byte, maxMessage+1)
	for {
		n, err := c.control.Read(buf)
		if err != nil || n == 0 {
			return
		}
		m, err := parseMessage(buf[:n])
		if err != nil || m.word != "signal" {
			continue
		}
		select {
		case c.signals <- syscall.Signal(m.numbers[0]):
		default: // two are waiting already: more would change nothing
		}
	}
}

func (c *Child) send(m message) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	_, _ = c.control.Write(m.encode())
}

// Limits tells what may be used from now on. Until it is called, the parent goes
// by its [Options].
func (c *Child) Limits(l Limits) { c.send(limitsMessage(l)) }

// Deadline tells when the run must be over; the parent ends it Limits.Grace later.
// The zero time means never. It may be called again, earlier or later: when the
// undo of a failed run gets its own time, say. why names the limit for the
// operator, such as "the run's timeout of 5m".
func (c *Child) Deadline(t time.Time, why string) { c.send(deadlineMessage(t, why)) }

// Daemon tells that a process was started as a daemon: it and what it starts is
// never ended by the parent, and its memory is not counted. startTicks is field 22
// of /proc/PID/stat. The parent believes it of its own descendants that lead a
// session. mark, if not "", is an environment entry such as "NAME=value" that only
// this daemon and its descendants carry: by it they are known even if they left
// the session and lost their parent.
func (c *Child) Daemon(pid int, startTicks uint64, mark string) {
	c.send(message{word: "daemon", numbers: []int64{int64(pid), int64(startTicks)}, text: mark})
}

// Record tells where the record of the run is, for the line that the parent writes
// if the child can write nothing any more.
func (c *Child) Record(where string) { c.send(message{word: "record", text: where}) }

// Ended tells that the run is over and this process is about to exit with code. Call
// it before every exit: Go itself exits with code 2 after a fatal error, and only
// this call tells that from wrong usage. A process that is still there a second
// later is killed; the exit code is the one told.
func (c *Child) Ended(code int) { c.send(message{word: "ended", numbers: []int64{int64(code)}}) }

// Exit is Ended and os.Exit.
func (c *Child) Exit(code int) {
	c.Ended(code)
	os.Exit(code)
}

// withMarker is the environment for a child. Of two entries of a name, the first
// counts: one that was inherited must go, or the child would take itself for a
// parent, and so would its child.
func withMarker(env []string, parent, fd int) []string {
	list := []string{fmt.Sprintf("%s=%d:%d", Marker, parent, fd)}
	for _, entry := range env {
		if !strings.HasPrefix(entry, Marker+"=") {
			list = append(list, entry)
		}
	}
	return list
}
