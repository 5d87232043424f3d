package confine

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Landlock's network rules are about TCP alone, and Multipath TCP is not TCP to
// them although it reaches the same servers; Go's net.Listen makes such sockets by
// default. So unless the network is open, a seccomp filter says which sockets may
// be made at all: unix and netlink ones, and TCP ones if there are ports to which
// Landlock holds them. seccomp(2) belongs to the thread and its children as a
// Landlock domain does.

const protocolMPTCP = 262 // IPPROTO_MPTCP

// Offsets in struct seccomp_data; of the arguments the low half, little endian.
const (
	dataNumber = 0
	dataArch   = 4
	dataArg0   = 16
	dataArg1   = 24
	dataArg2   = 32
)

// x32Bit marks system calls of the x32 ABI, which shares its architecture with
// amd64 and has a second socket call.
const x32Bit = 0x40000000

const (
	filterAllow = unix.SECCOMP_RET_ALLOW
	filterErrno = unix.SECCOMP_RET_ERRNO
)

// socketFilter makes the filter; tcp allows sockets that Landlock can hold to
// ports.
//
// Programs for another architecture, such as 32-bit ones, can do nothing under
// it, since their socket calls are others. io_uring is refused as on kernels
// without it, because it makes sockets past any filter.
func socketFilter(arch uint32, tcp bool) []unix.SockFilter {
	refuse := func(errno unix.Errno) unix.SockFilter { return give(filterErrno | uint32(errno)) }
	f := []unix.SockFilter{
		load(dataArch), skipIf(unix.BPF_JEQ, arch), refuse(unix.ENOSYS),
		load(dataNumber), skipUnless(unix.BPF_JGE, x32Bit), refuse(unix.ENOSYS),
		skipUnless(unix.BPF_JEQ, unix.SYS_IO_URING_SETUP), refuse(unix.ENOSYS),
		skipIf(unix.BPF_JEQ, unix.SYS_SOCKET), give(filterAllow),
		load(dataArg0),
		skipUnless(unix.BPF_JEQ, unix.AF_UNIX), give(filterAllow),
		skipUnless(unix.BPF_JEQ, unix.AF_NETLINK), give(filterAllow),
	}
	if tcp {
		f = append(f,
			jump(unix.BPF_JEQ, unix.AF_INET, 2, 0), skipIf(unix.BPF_JEQ, unix.AF_INET6), refuse(unix.EACCES),
			load(dataArg1),
			unix.SockFilter{Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: 0xf}, // without SOCK_CLOEXEC, SOCK_NONBLOCK
			skipIf(unix.BPF_JEQ, unix.SOCK_STREAM), refuse(unix.EACCES),
			load(dataArg2),
			skipUnless(unix.BPF_JEQ, 0), give(filterAllow),
			skipUnless(unix.BPF_JEQ, unix.IPPROTO_TCP), give(filterAllow),
			// What a kernel without it says; programs then fall back to TCP.
			skipUnless(unix.BPF_JEQ, protocolMPTCP), refuse(unix.EPROTONOSUPPORT),
		)
	}
	return append(f, refuse(unix.EACCES))
}

func load(offset uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
}

func give(what uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: what}
}

func jump(test uint16, k uint32, yes, no uint8) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_JMP | test | unix.BPF_K, Jt: yes, Jf: no, K: k}
}

// skipIf leaves out the next instruction if the test holds, skipUnless if not.
func skipIf(test uint16, k uint32) unix.SockFilter     { return jump(test, k, 1, 0) }
func skipUnless(test uint16, k uint32) unix.SockFilter { return jump(test, k, 0, 1) }

// sockets gives the filter of a policy, nil if the network is open.
func (p *Policy) sockets() ([]unix.SockFilter, error) {
	if p.Network.Open {
		return nil, nil
	}
	var arch uint32
	switch runtime.GOARCH {
	case "amd64":
		arch = unix.AUDIT_ARCH_X86_64
	case "arm64":
		arch = unix.AUDIT_ARCH_AARCH64
	default:
		return nil, fmt.Errorf("%w: on %s it cannot be kept from the network", ErrUnsupported, runtime.GOARCH)
	}
	action := uint32(filterErrno)
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_GET_ACTION_AVAIL, 0, uintptr(unsafe.Pointer(&action)))
	if errno != 0 {
		return nil, fmt.Errorf("%w: to keep it from the network takes seccomp filters: %w", ErrUnsupported, errno)
	}
	return socketFilter(arch, len(p.Network.Connect)+len(p.Network.Bind) > 0), nil
}

// enterFilter puts the calling thread under a filter. It needs no_new_privs.
func enterFilter(filter []unix.SockFilter) error {
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&prog)))
	if errno != 0 {
		return errno
	}
	return nil
}
