package confine

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ErrUnsupported is what every [UnsupportedError] is.
var ErrUnsupported = errors.New("the kernel cannot confine programs so")

// UnsupportedError says that the kernel lacks Landlock, or offers an older
// version of it than the policy needs. Nothing was started then.
type UnsupportedError struct {
	Have int    // the version that the kernel offers; 0: none
	Need int    // the version that the policy needs
	What string // what needs it: "to keep its signals from processes outside"
	Why  error  // of Have 0: what the kernel said
}

func (e *UnsupportedError) Error() string {
	if e.Have == 0 {
		return fmt.Sprintf("this kernel offers no Landlock (%v): it needs Linux %s, with landlock among the modules that lsm= names at boot, and no container that filters the call",
			e.Why, linuxOf(e.Need))
	}
	return fmt.Sprintf("this kernel offers Landlock ABI %d, and %s takes ABI %d (Linux %s)", e.Have, e.What, e.Need, linuxOf(e.Need))
}

// Is makes it an [ErrUnsupported].
func (e *UnsupportedError) Is(target error) bool { return target == ErrUnsupported }

func (e *UnsupportedError) Unwrap() error { return e.Why }

func linuxOf(abi int) string {
	switch {
	case abi >= abiScope:
		return "6.12"
	case abi >= abiTCP:
		return "6.7"
	}
	return "6.2"
}

// ABI asks the kernel for the version of Landlock that it offers. The error is
// the kernel's: ENOSYS where it was built without, EOPNOTSUPP where it was turned
// off at boot.
func ABI() (int, error) {
	v, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0, errno
	}
	return int(v), nil
}

// support tells the version to use, or refuses.
func (p *Policy) support() (int, error) {
	ask := p.ABI
	if ask == nil {
		ask = ABI
	}
	need, what := p.needs()
	have, err := ask()
	if err != nil {
		return 0, &UnsupportedError{Need: need, What: what, Why: err}
	}
	if have < need {
		return 0, &UnsupportedError{Have: have, Need: need, What: what}
	}
	return have, nil
}

// The parts of linux/landlock.h that x/sys does not have. rulesetAttr is that of
// ABI 6, which older kernels take too as long as what they do not know is zero.
type rulesetAttr struct{ fs, net, scoped uint64 }

type portAttr struct{ access, port uint64 }

const rulePort = 2

func createRuleset(attr rulesetAttr) (int, error) {
	fd, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr), 0)
	if errno != 0 {
		return -1, errno
	}
	return int(fd), nil // the kernel marks it close-on-exec
}

func addPath(ruleset, parent int, access uint64) error {
	attr := unix.LandlockPathBeneathAttr{Allowed_access: access, Parent_fd: int32(parent)}
	return addRule(ruleset, unix.LANDLOCK_RULE_PATH_BENEATH, unsafe.Pointer(&attr))
}

func addPort(ruleset int, port uint16, access uint64) error {
	attr := portAttr{access: access, port: uint64(port)}
	return addRule(ruleset, rulePort, unsafe.Pointer(&attr))
}

func addRule(ruleset int, kind uintptr, attr unsafe.Pointer) error {
	_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(ruleset), kind, uintptr(attr), 0, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

func restrictSelf(ruleset int) error {
	_, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, uintptr(ruleset), 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}
