package proc

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cortexlua/cortexlua/bindings/internal/confine"
)

// launch is one clone and exec.
type launch struct {
	path   string // absolute file to execute
	argv   []string
	env    []string
	dir    string
	files  []uintptr // descriptors 0, 1, 2, ... of the child
	umask  *int
	nice   *int
	domain *confine.Domain // nil: not confined
}

// start makes the child in a session of its own and returns it with its pidfd.
// The child is not reaped by anyone but the caller.
func (l launch) start() (*Handle, error) {
	fork := l.fork
	if l.umask != nil || l.nice != nil || l.domain != nil {
		fork = l.forkAside
	}
	pid, pidfd, err := fork()
	if err != nil {
		return nil, err
	}
	h, err := adopt(pid, pidfd)
	if err != nil { // our own child, not yet reaped: the number is its own
		_ = unix.Kill(-pid, unix.SIGKILL)
		_, _ = unix.Wait4(pid, nil, 0, nil)
	}
	return h, err
}

// forkAside forks from a thread that has a umask and a priority of its own
// (unshare(2), CLONE_FS; sched(7): nice is per thread) and is confined, all of
// which the child inherits. Neither the other threads nor the first moments of
// the child see another value.
func (l launch) forkAside() (pid, pidfd int, err error) {
	onSpareThread(func() {
		if err = l.prepareThread(); err != nil {
			err = threadError{err}
			return
		}
		pid, pidfd, err = l.fork()
	})
	return pid, pidfd, err
}

// threadError is why a thread could not be made ready: it already says all.
type threadError struct{ error }

func (e threadError) Unwrap() error { return e.error }

func (l launch) prepareThread() error {
	if l.umask != nil {
		if err := unix.Unshare(unix.CLONE_FS); err != nil {
			return fmt.Errorf("cannot set the umask: %w", err)
		}
		unix.Umask(*l.umask)
	}
	if l.nice != nil {
		if err := unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), *l.nice); err != nil {
			return fmt.Errorf("cannot set nice to %d: %w: a lower value needs root", *l.nice, err)
		}
	}
	if l.domain != nil {
		return l.domain.Enter()
	}
	return nil
}

// onSpareThread runs fn on a thread that ends afterwards: its goroutine ends without
// unlocking it. The main thread cannot end, and what it shows stands for the whole
// process in /proc, so it is kept out by holding it until another one has done it.
func onSpareThread(fn func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		if unix.Gettid() == unix.Getpid() {
			onSpareThread(fn)
			runtime.UnlockOSThread()
			return
		}
		fn()
	}()
	<-done
}

// fork is the clone and the exec, and opens no files itself: on a confined thread
// it could not.
func (l launch) fork() (pid, pidfd int, err error) {
	// Descriptors that this program was started with, such as the lock that cron's
	// flock(1) holds, would live on in a daemon. Go marks only its own ones.
	_ = unix.CloseRange(3, ^uint(0)>>33, unix.CLOSE_RANGE_CLOEXEC) // Linux 5.11
	pidfd = -1
	attr := &syscall.ProcAttr{
		Dir:   l.dir,
		Env:   l.env,
		Files: l.files,
		Sys:   &syscall.SysProcAttr{Setsid: true, PidFD: &pidfd},
	}
	pid, _, err = forkRetry(l.path, l.argv, attr)
	return pid, pidfd, err
}

// confined makes the policy ready for a program, before anything is started or
// made for it. The domain is nil if there is no policy.
func confined(p *confine.Policy, path string) (*confine.Domain, error) {
	if p == nil {
		return nil, nil
	}
	programs := []string{path}
	if interp := shebang(path); len(interp) > 0 && filepath.IsAbs(interp[0]) {
		programs = append(programs, interp[0])
	}
	return p.Prepare(programs...)
}

// forkRetry tries again for a moment when the program file is open for writing:
// a process forked elsewhere may hold the writer's descriptor until its own exec
// (golang/go#22315).
func forkRetry(path string, argv []string, attr *syscall.ProcAttr) (int, uintptr, error) {
	for wait := time.Millisecond; ; wait *= 2 {
		pid, handle, err := syscall.StartProcess(path, argv, attr)
		if !errors.Is(err, syscall.ETXTBSY) || wait > 50*time.Millisecond {
			return pid, handle, err
		}
		time.Sleep(wait)
	}
}

// adopt makes the handle of a fresh child.
func adopt(pid, pidfd int) (*Handle, error) {
	if pidfd < 0 { // a kernel before 5.2 ignores CLONE_PIDFD
		var err error
		if pidfd, err = pidfdOpen(pid); err != nil {
			return nil, err
		}
	} else if err := nonblocking(pidfd); err != nil {
		return nil, err
	}
	st, err := Inspect(pid)
	if err == nil {
		var id Identity
		if id, err = st.Identity(); err == nil {
			return newHandle(id, pidfd), nil
		}
	}
	unix.Close(pidfd)
	return nil, err
}

// reap collects the exit status of an ended child.
func reap(h *Handle) (exitStatus, error) {
	var status unix.WaitStatus
	for {
		_, err := unix.Wait4(h.id.PID, &status, 0, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return exitStatus{}, fmt.Errorf("cannot learn how pid %d ended: %w", h.id.PID, err)
		}
		break
	}
	if status.Signaled() {
		return exitStatus{code: -1, signal: unix.SignalName(status.Signal())}, nil
	}
	return exitStatus{code: status.ExitStatus()}, nil
}

// exitStatus is how a child ended: a code, or -1 and the name of a signal.
type exitStatus struct {
	code   int
	signal string
}
