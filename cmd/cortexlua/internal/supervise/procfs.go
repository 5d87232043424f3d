package supervise

import (
	"bytes"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// monotonic is CLOCK_MONOTONIC in nanoseconds: the same in every process, and what
// Go's timers go by (it stands still while the machine is suspended).
func monotonic() int64 {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) // cannot fail on this clock
	return ts.Nano()
}

// readFile reads a file of /proc with four system calls; os.ReadFile takes about
// twice as many, and the parent reads thousands in a minute.
func readFile(path string) ([]byte, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	buf := make([]byte, 0, 1024)
	for {
		n, err := unix.Read(fd, buf[len(buf):cap(buf)])
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return nil, err
		case n == 0:
			return buf, nil
		}
		if buf = buf[:len(buf)+n]; len(buf) == cap(buf) {
			buf = slices.Grow(buf, len(buf))
		}
	}
}

// process is a process at one moment. pid and ticks together name it for as long as
// the machine runs.
type process struct {
	pid, parent int
	ticks       uint64 // its start, field 22 of /proc/PID/stat
	session     int
	dead        bool // a zombie without living threads
	name        string
}

// inspect reads /proc/PID/stat (proc_pid_stat(5)); ok is false if there is no such
// process.
func inspect(pid int) (p process, ok bool) {
	raw, err := readFile("/proc/" + strconv.Itoa(pid) + "/stat")
	open, end := bytes.IndexByte(raw, '('), bytes.LastIndexByte(raw, ')')
	if err != nil || open < 0 || end < open {
		return process{}, false
	}
	f := strings.Fields(string(raw[end+1:])) // f[0] is field 3
	if len(f) < 20 {
		return process{}, false
	}
	// A leader that called pthread_exit is a zombie in front of a living process.
	dead := f[0] == "X" || f[0] == "Z" && f[17] == "1"
	p = process{pid: pid, name: string(raw[open+1 : end]), dead: dead}
	p.parent, _ = strconv.Atoi(f[1])
	p.session, _ = strconv.Atoi(f[3])
	p.ticks, err = strconv.ParseUint(f[19], 10, 64)
	return p, err == nil
}

// signal sends sig to exactly the process that was inspected: the number cannot be
// another's between the proof and the signal, as pidfd_open(2) holds it.
func (p process) signal(sig unix.Signal) error {
	fd, err := unix.PidfdOpen(p.pid, 0)
	if err == unix.ENOSYS || err == unix.EPERM { // before Linux 5.3; in some containers
		if p.parent != os.Getpid() {
			return err // it will be ours once its parent has ended
		}
		return unix.Kill(p.pid, sig) // nobody but us can reap it and free its number
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if now, ok := inspect(p.pid); !ok || now.ticks != p.ticks {
		return unix.ESRCH
	}
	return unix.PidfdSendSignal(fd, sig, nil, 0)
}

// environment is what the process was executed with: entries, each between two
// zero bytes.
func (p process) environment() []byte {
	raw, _ := readFile("/proc/" + strconv.Itoa(p.pid) + "/environ")
	return append([]byte{0}, raw...)
}

// usage is what /proc/PID/statm says, in bytes.
type usage struct{ size, resident int64 }

// memoryOf is what a process uses. The leader of a process may have ended before its
// other threads; then it shows nothing, and they do.
func memoryOf(pid int) usage {
	dir := "/proc/" + strconv.Itoa(pid)
	u := readUsage(dir + "/statm")
	if u.size > 0 {
		return u
	}
	for _, thread := range names(dir + "/task") {
		if u = readUsage(dir + "/task/" + thread + "/statm"); u.size > 0 {
			break
		}
	}
	return u
}

func readUsage(path string) usage {
	raw, err := readFile(path)
	if err != nil {
		return usage{}
	}
	f := strings.Fields(string(raw))
	if len(f) < 2 {
		return usage{}
	}
	size, _ := strconv.ParseInt(f[0], 10, 64) // the kernel writes numbers
	resident, _ := strconv.ParseInt(f[1], 10, 64)
	page := int64(os.Getpagesize())
	return usage{size * page, resident * page}
}

// lastPID is the newest process number of this pid namespace, of threads too
// (last field of /proc/loadavg). While it stays the same, no process was made.
func lastPID() (n int, ok bool) {
	raw, err := readFile("/proc/loadavg")
	if err != nil {
		return 0, false
	}
	text := strings.TrimSpace(string(raw))
	n, err = strconv.Atoi(text[strings.LastIndexByte(text, ' ')+1:])
	return n, err == nil
}
