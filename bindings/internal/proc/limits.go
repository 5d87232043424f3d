package proc

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Limit is one resource limit of setrlimit(2): as, core, cpu, data, fsize,
// memlock, nofile, nproc or stack, in the unit of that call. It is set right
// after the exec, so the first instructions of the program run without it.
type Limit struct {
	Resource   string
	Soft, Hard uint64
}

// resource maps the name of a limit to its number.
func resource(name string) (int, bool) {
	switch name {
	case "as":
		return unix.RLIMIT_AS, true
	case "core":
		return unix.RLIMIT_CORE, true
	case "cpu":
		return unix.RLIMIT_CPU, true
	case "data":
		return unix.RLIMIT_DATA, true
	case "fsize":
		return unix.RLIMIT_FSIZE, true
	case "memlock":
		return unix.RLIMIT_MEMLOCK, true
	case "nofile":
		return unix.RLIMIT_NOFILE, true
	case "nproc":
		return unix.RLIMIT_NPROC, true
	case "stack":
		return unix.RLIMIT_STACK, true
	}
	return 0, false
}

func setLimits(pid int, limits []Limit) error {
	for _, l := range limits {
		number, ok := resource(l.Resource)
		if !ok {
			return fmt.Errorf("unknown limit %q: known are as, core, cpu, data, fsize, memlock, nofile, nproc, stack", l.Resource)
		}
		if err := unix.Prlimit(pid, number, &unix.Rlimit{Cur: l.Soft, Max: l.Hard}, nil); err != nil {
			return fmt.Errorf("cannot set the limit %s: %w", l.Resource, err)
		}
	}
	return nil
}
