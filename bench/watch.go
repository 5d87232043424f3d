package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// instant is a time on the machine's monotonic clock in nanoseconds.
type instant int64

func now() instant {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		return 0 // it cannot fail for this clock
	}
	return instant(ts.Nano())
}

func (t instant) since(earlier instant) time.Duration { return time.Duration(t - earlier) }

// adoptOrphans makes daemons whose starter has ended children of this process. It
// reaps them at once, as an init does; a container's first process often does not,
// and what looks at process numbers would then call dead daemons alive.
func adoptOrphans() error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("cannot become a subreaper: %w", err)
	}
	return nil
}

// deaths watches processes end.
type deaths struct {
	fds  map[int32]int // by descriptor
	last instant       // when the last one ended
	done chan struct{}
}

// watchDeaths begins to watch, and to reap those that are children by then.
func watchDeaths(ctx context.Context, pids []int) (*deaths, error) {
	d := &deaths{fds: map[int32]int{}, done: make(chan struct{})}
	for _, pid := range pids {
		fd, err := unix.PidfdOpen(pid, 0)
		if err != nil {
			d.close()
			return nil, fmt.Errorf("cannot watch process %d: %w", pid, err)
		}
		d.fds[int32(fd)] = pid
	}
	go d.loop(ctx)
	return d, nil
}

func (d *deaths) loop(ctx context.Context) {
	defer close(d.done)
	defer d.close()
	for len(d.fds) > 0 && ctx.Err() == nil {
		list := make([]unix.PollFd, 0, len(d.fds))
		for fd := range d.fds {
			list = append(list, unix.PollFd{Fd: fd, Events: unix.POLLIN})
		}
		if n, err := unix.Poll(list, 100); err != nil || n == 0 {
			continue
		}
		d.last = now()
		for _, p := range list {
			if p.Revents != 0 {
				// Fails when it is not this process's child: then another reaps it.
				_ = unix.Waitid(unix.P_PIDFD, int(p.Fd), nil, unix.WEXITED|unix.WNOHANG, nil)
				unix.Close(int(p.Fd))
				delete(d.fds, p.Fd)
			}
		}
	}
}

func (d *deaths) close() {
	for fd := range d.fds {
		unix.Close(int(fd))
	}
}

// wait gives the moment at which the last process ended.
func (d *deaths) wait(limit time.Duration) (instant, error) {
	select {
	case <-d.done:
		if len(d.fds) > 0 {
			return 0, errors.New("interrupted")
		}
		return d.last, nil
	case <-time.After(limit):
		return 0, fmt.Errorf("processes still live after %s", limit)
	}
}

// endChildren kills every child of this process until there is none, which
// includes the orphans that it adopted. No other process is looked at.
func endChildren() error {
	self := strconv.Itoa(os.Getpid())
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		children := childrenOf(self)
		if len(children) == 0 {
			return nil
		}
		for _, pid := range children {
			_ = unix.Kill(pid, unix.SIGKILL)
			_, _ = unix.Wait4(pid, nil, 0, nil)
		}
	}
	return errors.New("processes of the bench are left")
}

func childrenOf(parent string) []int {
	dir, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	var found []int
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		stat, _ := os.ReadFile("/proc/" + name + "/stat")
		if i := bytes.LastIndexByte(stat, ')'); i >= 0 {
			if f := bytes.Fields(stat[i+1:]); len(f) > 1 && string(f[1]) == parent {
				found = append(found, pid)
			}
		}
	}
	return found
}
