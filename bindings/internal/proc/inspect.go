package proc

import (
	"bytes"
	"strings"

	"golang.org/x/sys/unix"
)

// Cmdline returns the arguments of a process as /proc/PID/cmdline shows them now.
// A process may overwrite its own; kernel threads and zombies have none (empty).
func Cmdline(pid int) ([]string, error) {
	raw, err := readSettled(pid, "cmdline", "environ")
	if err != nil {
		return nil, err
	}
	return splitZero(raw), nil
}

// Environ returns the environment with which the process was started, as
// "NAME=value". It needs the rights to trace the process (ptrace(2)): the same
// user or root.
func Environ(pid int) ([]string, error) {
	raw, err := readSettled(pid, "environ", "cmdline")
	if err != nil {
		return nil, err
	}
	return splitZero(raw), nil
}

// Cwd returns the working directory. A removed one ends in " (deleted)".
func Cwd(pid int) (string, error) { return readProcLink(pid, "cwd") }

// Exe returns the file of the running program: of a script, its interpreter. A
// removed one ends in " (deleted)".
func Exe(pid int) (string, error) { return readProcLink(pid, "exe") }

// UID returns the effective user of a process. The kernel shows a process that
// must not be traced (prctl(2), PR_SET_DUMPABLE) as root's.
func UID(pid int) (int, error) {
	var st unix.Stat_t
	path := strings.TrimSuffix(procPath(pid, ""), "/")
	if err := unix.Stat(path, &st); err != nil {
		return 0, procError(pid, "", err)
	}
	return int(st.Uid), nil
}

// splitZero splits strings that each end in a zero byte.
func splitZero(raw []byte) []string {
	raw = bytes.TrimSuffix(raw, []byte{0})
	if len(raw) == 0 {
		return nil
	}
	return strings.Split(string(raw), "\x00")
}

// lookupEnv finds the value of name in a list of "NAME=value".
func lookupEnv(env []string, name string) (string, bool) {
	for _, entry := range env {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value, true
		}
	}
	return "", false
}
