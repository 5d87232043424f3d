package runtime

import (
	"errors"
	"syscall"

	"github.com/cortexlua/cortexlua/runtime/internal/vm"
)

// Exit codes of the program; every command's help lists them.
const (
	ExitDone      = 0
	ExitFailed    = 1
	ExitUsage     = 2
	ExitDenied    = 3
	ExitConflict  = 4   // another run holds the lock
	ExitUnhealthy = 5   // the run did its work and found something wrong
	ExitTimeout   = 124 // as timeout(1)
	ExitLimit     = 125 // memory or output limit
	ExitCrashed   = 126 // the runtime itself failed
	ExitSignal    = 128 // plus the number of the signal that stopped the run
)

// Interrupted is the cause of a run that a signal stopped.
type Interrupted struct{ Signal syscall.Signal }

// Error gives "stopped by SIGINT".
func (i *Interrupted) Error() string { return "stopped by " + signalName(i.Signal) }

func signalName(s syscall.Signal) string {
	switch s {
	case syscall.SIGINT:
		return "SIGINT"
	case syscall.SIGTERM:
		return "SIGTERM"
	case syscall.SIGHUP:
		return "SIGHUP"
	}
	return s.String()
}

// ExitCode gives the exit code of a finished run.
func (res Result) ExitCode() int {
	switch res.Outcome {
	case Done:
		return ExitDone
	case Unhealthy:
		return ExitUnhealthy
	}
	return ExitCode(res.Err)
}

// ExitCode gives the exit code of an error.
func ExitCode(err error) int {
	if e, ok := err.(*Error); ok && e == nil || err == nil {
		return ExitDone
	}
	var sig *Interrupted
	var limit *vm.LimitError
	switch {
	case errors.As(err, &sig):
		return ExitSignal + int(sig.Signal)
	case errors.As(err, &limit):
		return ExitLimit
	}
	switch KindOf(err) {
	case Timeout:
		return ExitTimeout
	case Denied:
		return ExitDenied
	case Conflict:
		return ExitConflict
	case Internal:
		return ExitCrashed
	}
	return ExitFailed
}
