package proc

import "golang.org/x/sys/unix"

// SignalNumber gives the signal of a name such as "TERM" or "SIGTERM", and 0 for
// a name that is none.
func SignalNumber(name string) unix.Signal {
	if n := unix.SignalNum(name); n != 0 {
		return n
	}
	return unix.SignalNum("SIG" + name)
}
