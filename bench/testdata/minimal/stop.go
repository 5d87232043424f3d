package main

import (
	"golang.org/x/sys/unix"
)

// stop asks every daemon to end, then waits until all have.
func (f fleet) stop() error {
	members, err := f.load()
	if err != nil {
		return err
	}
	fds := make([]int, 0, len(members))
	for _, m := range members {
		fd, err := m.terminate()
		if err != nil {
			return err
		}
		if fd >= 0 {
			fds = append(fds, fd)
		}
	}
	for _, fd := range fds {
		if err := awaitEnd(fd); err != nil {
			return err
		}
	}
	return f.save(nil)
}

// restart replaces the daemons one after the other, each ready before the next.
func (f fleet) restart() error {
	members, err := f.load()
	if err != nil {
		return err
	}
	for i, m := range members {
		fd, err := m.terminate()
		if err != nil {
			return err
		}
		if fd >= 0 {
			if err := awaitEnd(fd); err != nil {
				return err
			}
		}
		started, err := f.start([]string{m.name})
		if err != nil {
			return err
		}
		members[i] = started[0]
		if err := f.save(members); err != nil {
			return err
		}
	}
	return nil
}

// terminate sends TERM to the daemon through a descriptor that stands for this
// process and no later one of the same number; -1: it is gone.
func (m member) terminate() (pidfd int, err error) {
	pidfd, err = unix.PidfdOpen(m.pid, 0)
	if err == unix.ESRCH {
		return -1, nil
	}
	if err != nil {
		return -1, err
	}
	if startTicks(m.pid) != m.ticks {
		unix.Close(pidfd)
		return -1, nil
	}
	return pidfd, unix.PidfdSendSignal(pidfd, unix.SIGTERM, nil, 0)
}

func awaitEnd(pidfd int) error {
	defer unix.Close(pidfd)
	fds := []unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(fds, 60_000)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return err
		case n == 0:
			return unix.ETIMEDOUT
		default:
			return nil
		}
	}
}
