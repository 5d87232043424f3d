package proc

import (
	"bytes"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// ticksPerSecond is USER_HZ, the unit of times in /proc/PID/stat. It is 100 on
// every architecture that Go supports on Linux (proc(5), sysconf(_SC_CLK_TCK)).
const ticksPerSecond = 100

// kernelThread is PF_KTHREAD in the flags of a process (include/linux/sched.h).
const kernelThread = 0x00200000

// Stat is one line of /proc/PID/stat. It holds no pointers, so that a scan of
// the machine makes no garbage.
type Stat struct {
	PID        int
	State      byte // R running, S sleeping, D in the kernel, T stopped, Z zombie, X dead; see proc(5)
	PPID       int
	PGRP       int
	Session    int
	Flags      uint64
	UserTicks  uint64 // CPU time in user mode, 1/100 s
	SysTicks   uint64 // CPU time in the kernel, 1/100 s
	Threads    int
	StartTicks uint64 // since boot, 1/100 s
	VSize      uint64 // virtual memory, bytes
	RSSPages   int64

	comm    [16]byte
	commLen uint8
}

// Comm is the kernel's name of the process: the base name of the program or
// script, cut at 15 bytes.
func (s *Stat) Comm() string { return string(s.comm[:s.commLen]) }

// Dead reports whether the process has ended and only waits to be reaped. A
// leader thread that ended before its siblings also shows as Z; such a process
// still runs, and its pidfd agrees.
func (s *Stat) Dead() bool {
	switch s.State {
	case 'Z':
		return s.Threads <= 1
	case 'X', 'x':
		return true
	}
	return false
}

// Kernel reports whether it is a thread of the kernel, which has no command line.
func (s *Stat) Kernel() bool { return s.Flags&kernelThread != 0 }

// RSS is the resident memory in bytes.
func (s *Stat) RSS() int64 { return s.RSSPages * int64(unix.Getpagesize()) }

// CPU is the processor time used so far.
func (s *Stat) CPU() time.Duration { return ticks(s.UserTicks + s.SysTicks) }

// Uptime is how long ago the process started, by the clock that also counts
// suspended time (CLOCK_BOOTTIME), as start times do since Linux 2.6.39.
func (s *Stat) Uptime() time.Duration {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		return 0
	}
	return max(0, time.Duration(now.Nano())-ticks(s.StartTicks))
}

// Identity names the process. It fails only if the boot id cannot be read.
func (s *Stat) Identity() (Identity, error) {
	boot, err := bootID()
	if err != nil {
		return Identity{}, err
	}
	return Identity{PID: s.PID, StartTicks: s.StartTicks, BootID: boot}, nil
}

func ticks(n uint64) time.Duration { return time.Duration(n) * (time.Second / ticksPerSecond) }

// Inspect reads the figures of the process that holds pid now, zombies included.
// It fails with [ErrGone] if there is none.
func Inspect(pid int) (Stat, error) {
	var st Stat
	err := inspect(pid, &st)
	return st, err
}

func inspect(pid int, st *Stat) error {
	var buf [1024]byte // a line is about 300 bytes, at most 52 numbers
	n, err := readProc(pid, "stat", buf[:])
	if err != nil {
		return procError(pid, "stat", err)
	}
	if n == 0 { // it ended between open and read
		return fmt.Errorf("pid %d: %w", pid, ErrGone)
	}
	if !st.parse(buf[:n]) {
		return fmt.Errorf("cannot read /proc/%d/stat: unknown format", pid)
	}
	return nil
}

// parse reads one line of /proc/PID/stat: "PID (COMM) STATE PPID ...". The name
// may hold spaces, parentheses and newlines, so its end is the last parenthesis.
func (s *Stat) parse(line []byte) bool {
	from, to := bytes.IndexByte(line, '('), bytes.LastIndexByte(line, ')')
	if from < 2 || to < from || to+2 >= len(line) {
		return false
	}
	pid, ok := parseUint(line[:from-1])
	if !ok {
		return false
	}
	s.PID = int(pid)
	s.commLen = uint8(copy(s.comm[:], line[from+1:to]))
	rest := line[to+2:]
	s.State = rest[0]
	rest = rest[1:]
	for field := 4; field <= 24; field++ {
		var word []byte
		if word, rest, ok = nextWord(rest); !ok || !s.set(field, word) {
			return false
		}
	}
	return true
}

// set stores one numbered field of proc(5).
func (s *Stat) set(field int, word []byte) bool {
	switch field {
	case 4, 5, 6, 9, 14, 15, 20, 22, 23, 24:
	default:
		return true
	}
	n, ok := parseUint(word)
	if !ok {
		// Only a process without a parent group or a counter that wrapped shows a
		// minus; neither matters to a caller, but the line must stay readable.
		return len(word) > 1 && word[0] == '-'
	}
	switch field {
	case 4:
		s.PPID = int(n)
	case 5:
		s.PGRP = int(n)
	case 6:
		s.Session = int(n)
	case 9:
		s.Flags = n
	case 14:
		s.UserTicks = n
	case 15:
		s.SysTicks = n
	case 20:
		s.Threads = int(n)
	case 22:
		s.StartTicks = n
	case 23:
		s.VSize = n
	case 24:
		s.RSSPages = int64(n)
	}
	return true
}

func nextWord(b []byte) (word, rest []byte, ok bool) {
	for len(b) > 0 && b[0] == ' ' {
		b = b[1:]
	}
	end := 0
	for end < len(b) && b[end] != ' ' && b[end] != '\n' {
		end++
	}
	return b[:end], b[end:], end > 0
}

func parseUint(b []byte) (uint64, bool) {
	if len(b) == 0 || len(b) > 20 {
		return 0, false
	}
	var n uint64
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return n, true
}
