// Command daemon is the program that every system of the benchmark manages: it
// becomes ready 50 ms after it was executed, and takes 50 ms to end on TERM.
//
//	daemon READY-FILE
//
// Being ready means to have written READY-FILE: one line with the process id and
// the time on the monotonic clock in nanoseconds, which every process of the
// machine shares, so the moment is known exactly and without watching.
package main

import (
	"os"
	"os/signal"
	"syscall"
	"time"
	"unsafe"
)

const (
	warmUp   = 50 * time.Millisecond
	windDown = 50 * time.Millisecond
	// lifetime ends a daemon that a killed benchmark left behind.
	lifetime = 20 * time.Minute
)

func main() {
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	time.Sleep(warmUp)
	if err := writeReady(os.Args[1]); err != nil {
		println("cannot write the ready file:", err.Error())
		os.Exit(1)
	}
	select {
	case <-term:
		time.Sleep(windDown)
	case <-time.After(lifetime):
	}
}

// writeReady writes the line at once and always as long, so that a reader never
// sees half of it.
func writeReady(path string) error {
	line := make([]byte, 0, 40)
	line = appendPadded(line, int64(os.Getpid()), 10)
	line = append(line, ' ')
	line = appendPadded(line, monotonic(), 20)
	line = append(line, '\n')
	fd, err := syscall.Open(path, syscall.O_WRONLY|syscall.O_CREAT|syscall.O_CLOEXEC, 0o644)
	if err != nil {
		return err
	}
	defer syscall.Close(fd)
	_, err = syscall.Write(fd, line)
	return err
}

func appendPadded(to []byte, n int64, width int) []byte {
	digits := make([]byte, width)
	for i := width - 1; i >= 0; i-- {
		digits[i] = byte('0' + n%10)
		n /= 10
	}
	return append(to, digits...)
}

func monotonic() int64 {
	const clockMonotonic = 1
	var ts syscall.Timespec
	syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clockMonotonic, uintptr(unsafe.Pointer(&ts)), 0)
	return ts.Nano()
}
