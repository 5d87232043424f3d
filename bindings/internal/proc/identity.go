package proc

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
)

// Identity names one process for as long as the machine runs. The start time
// comes from field 22 of /proc/PID/stat: ticks since boot, which no change of the
// wall clock moves (gopsutil and psutil derive theirs from the wall clock, see
// shirou/gopsutil#1802). The zero value names nothing.
type Identity struct {
	PID        int    `json:"pid"`
	StartTicks uint64 `json:"start_ticks"`
	BootID     string `json:"boot_id"`
}

// IsZero reports whether the identity names nothing.
func (id Identity) IsZero() bool { return id == Identity{} }

// String shows the identity for messages: "pid 4711".
func (id Identity) String() string { return fmt.Sprintf("pid %d", id.PID) }

// ErrGone says that the process has ended. A zombie has ended: it waits only for
// its parent to take note.
var ErrGone = errors.New("the process is gone")

// ErrOther says that the pid now belongs to another process. An error that is
// ErrOther is ErrGone as well, because the process asked for has ended.
var ErrOther = errors.New("the pid belongs to another process")

// OtherError tells which process holds the pid now.
type OtherError struct {
	PID  int
	Comm string // the name of the process that holds the pid
	When string // "started later", "started earlier" or "since another boot"
}

// Error reads "pid 4711 is now `sshd`, started later".
func (e *OtherError) Error() string {
	return fmt.Sprintf("pid %d is now `%s`, %s", e.PID, e.Comm, e.When)
}

// Is matches [ErrOther] and [ErrGone].
func (e *OtherError) Is(target error) bool { return target == ErrOther || target == ErrGone }

// bootID is constant while this program runs.
var bootID = sync.OnceValues(func() (string, error) {
	raw, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("cannot read the boot id: %w: is /proc mounted?", err)
	}
	return strings.TrimSpace(string(raw)), nil
})

// BootID returns the random id that the kernel drew at boot.
func BootID() (string, error) { return bootID() }

// IdentityOf returns the identity of the process that holds pid now. It fails
// with [ErrGone] if there is none or if it is a zombie.
func IdentityOf(pid int) (Identity, error) {
	st, err := Inspect(pid)
	if err != nil {
		return Identity{}, err
	}
	if st.Dead() {
		return Identity{}, fmt.Errorf("pid %d: %w", pid, ErrGone)
	}
	return st.Identity()
}

// Alive reports whether the process of that identity runs. Zombies and processes
// of another boot do not. An error means "cannot tell", for instance when this
// program is out of file descriptors; it must never be read as "dead".
func Alive(id Identity) (bool, error) {
	_, err := Prove(id)
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, ErrGone):
		return false, nil
	}
	return false, err
}

// Prove reads the process behind the identity's pid once and returns its figures
// if it is that very process and runs. Otherwise it fails with [ErrGone] or an
// [*OtherError].
func Prove(id Identity) (Stat, error) {
	st, err := proveAny(id)
	if err == nil && st.Dead() {
		return Stat{}, fmt.Errorf("pid %d: %w", id.PID, ErrGone)
	}
	return st, err
}

// proveAny is Prove for callers to whom a zombie will do: its pid, and with it
// the number of its group, is still its own.
func proveAny(id Identity) (Stat, error) {
	if id.PID <= 0 {
		return Stat{}, fmt.Errorf("cannot look at pid %d: not a process id", id.PID)
	}
	boot, err := bootID()
	if err != nil {
		return Stat{}, err
	}
	st, err := Inspect(id.PID)
	if err != nil {
		return Stat{}, err
	}
	if boot != id.BootID {
		return Stat{}, &OtherError{PID: id.PID, Comm: st.Comm(), When: "since another boot"}
	}
	if st.StartTicks == id.StartTicks {
		return st, nil
	}
	when := "started later"
	if st.StartTicks < id.StartTicks {
		when = "started earlier"
	}
	return Stat{}, &OtherError{PID: id.PID, Comm: st.Comm(), When: when}
}
