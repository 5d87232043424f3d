package main

import (
	"errors"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// start executes the daemons and waits until each has written its ready file.
func (f fleet) start(names []string) ([]member, error) {
	watch, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, err
	}
	defer unix.Close(watch)
	if _, err := unix.InotifyAddWatch(watch, f.bed+"/run", unix.IN_CLOSE_WRITE); err != nil {
		return nil, err
	}
	null, err := syscall.Open("/dev/null", syscall.O_RDWR|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer syscall.Close(null)

	members := make([]member, len(names))
	fds := []unix.PollFd{{Fd: int32(watch), Events: unix.POLLIN}}
	for i, name := range names {
		pid, pidfd, err := f.spawn(name, null)
		if err != nil {
			return nil, err
		}
		defer unix.Close(pidfd)
		members[i] = member{name: name, pid: pid, ticks: startTicks(pid)}
		fds = append(fds, unix.PollFd{Fd: int32(pidfd), Events: unix.POLLIN})
	}
	return members, awaitReady(fds, names)
}

// spawn executes one daemon in a session of its own, with its output appended to
// its log.
func (f fleet) spawn(name string, null int) (pid, pidfd int, err error) {
	log, err := syscall.Open(f.bed+"/logs/"+name+".log", syscall.O_WRONLY|syscall.O_APPEND|syscall.O_CREAT|syscall.O_CLOEXEC, 0o644)
	if err != nil {
		return 0, 0, err
	}
	defer syscall.Close(log)
	pid, err = syscall.ForkExec(f.bin, []string{f.bin, f.bed + "/run/" + name + ".ready"}, &syscall.ProcAttr{
		Dir:   f.bed,
		Files: []uintptr{uintptr(null), uintptr(log), uintptr(log)},
		Sys:   &syscall.SysProcAttr{Setsid: true, PidFD: &pidfd},
	})
	return pid, pidfd, err
}

// awaitReady reads the watch, fds[0], until it has named every ready file. The
// other descriptors tell when a daemon ends instead.
func awaitReady(fds []unix.PollFd, names []string) error {
	missing := make(map[string]bool, len(names))
	for _, name := range names {
		missing[name] = true
	}
	buf := make([]byte, 64<<10)
	for len(missing) > 0 {
		if _, err := unix.Poll(fds, 60_000); err != nil && err != unix.EINTR {
			return err
		}
		for i := range fds[1:] {
			if fds[i+1].Revents != 0 {
				return errors.New(names[i] + " ended before it was ready")
			}
		}
		n, err := unix.Read(int(fds[0].Fd), buf)
		if err != nil && err != unix.EAGAIN && err != unix.EINTR {
			return err
		}
		for at := 0; at < n; {
			event := (*unix.InotifyEvent)(unsafe.Pointer(&buf[at]))
			at += unix.SizeofInotifyEvent
			name, _, _ := strings.Cut(string(buf[at:at+int(event.Len)]), "\x00")
			delete(missing, strings.TrimSuffix(name, ".ready"))
			at += int(event.Len)
		}
	}
	return nil
}
