package supervise

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Exit codes of the parent's own; package runtime has the whole list, and cannot
// be imported before it is initialised.
const (
	exitTimeout = 124
	exitLimit   = 125
	exitCrashed = 126
	exitSignal  = 128
)

// Options say what the parent starts, and what holds until the child has said more.
type Options struct {
	Args    []string      // the command line, with the program's name
	Env     []string      // "NAME=value"; the marker is added, or replaced
	Stderr  io.Writer     // for the one line about an end that was not in order
	Memory  int64         // 0: 256 MiB
	Startup time.Duration // within this time the child must name its deadline; 0: 1 minute
}

const (
	defaultMemory  = 256 << 20
	defaultStartup = time.Minute
)

// Parent runs this program again as a child, watches it until it and all that it
// left behind has ended, and exits with the child's own exit code, with 124, 125 or
// 126 (see the package's doc), or with 128 and the number of the signal that
// stopped it. It never returns.
//
// It takes over the whole process: signals, and every process below it. It must be
// called from the main goroutine while that is locked to the main thread, as it is
// in an init function.
//
// The child is made first, and everything that the parent needs meanwhile: a
// program that starts is slow enough. The child waits in Attach for the word that
// all is set up. A signal that comes earlier ends both.
func Parent(o Options) {
	runtime.LockOSThread() // the child dies with the thread that forked it
	if o.Memory == 0 {
		o.Memory = defaultMemory
	}
	if o.Startup == 0 {
		o.Startup = defaultStartup
	}
	list := parentSignals() // before anything is caught
	child, control, err := start(o)
	if err != nil {
		fmt.Fprintf(o.Stderr, "cortexlua: cannot start the process of the run: %v\n  next: free memory or processes, or run it without a supervisor: CORTEXLUA_IN_PROCESS=1\n", err)
		os.Exit(exitCrashed)
	}
	w := newWatch(child, control, o)
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, list...)
	_, _ = unix.Write(control, message{word: "watching"}.encode())
	w.mu.Lock()
	go w.takeSignals(signals)
	w.loop()
	w.finish()
}

// start makes the child and the socket to it.
func start(o Options) (pid, control int, err error) {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return 0, 0, fmt.Errorf("cannot become a subreaper: %w", err)
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, 0, err
	}
	defer unix.Close(pair[1])
	const inChild = 3
	pid, err = syscall.ForkExec("/proc/self/exe", o.Args, &syscall.ProcAttr{
		Env:   withMarker(o.Env, os.Getpid(), inChild),
		Files: []uintptr{0, 1, 2, uintptr(pair[1])},
		Sys:   &syscall.SysProcAttr{Pdeathsig: unix.SIGKILL},
	})
	if err != nil {
		unix.Close(pair[0])
		return 0, 0, err
	}
	return pid, pair[0], unix.SetNonblock(pair[0], true)
}
