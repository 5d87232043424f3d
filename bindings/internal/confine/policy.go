package confine

// Policy names what a program may reach, beside what every program needs: the
// programs and libraries of the system, some files of /etc, and /dev/null and
// its like (see system.go). The zero Policy allows that and nothing more. Paths
// are absolute; each is a directory, with all that is below it, or one file.
type Policy struct {
	// Read may be read and listed.
	Read []string
	// Write may be changed in every way: written, truncated, made, removed,
	// renamed within it. It does not imply Read.
	Write []string
	// Exec may be executed, and read, since the loader and interpreters do.
	Exec []string
	// Network says what it may do on the network.
	Network Network
	// Signals lets the program signal processes outside, as the system's own
	// rules allow. Otherwise it can signal itself and what it started.
	Signals bool
	// Sockets lets it connect to abstract unix sockets of processes outside,
	// and to sockets with a path where the kernel could refuse that (ABI 9).
	Sockets bool
	// Processes lets it read /proc, of which otherwise only figures about the
	// whole machine are readable, not even what concerns itself: the folder
	// of a process that does not exist yet cannot be named. The environment and
	// memory of processes outside stay closed.
	Processes bool

	// ABI tells the version of Landlock that the kernel offers; nil asks the
	// kernel. Tests put an older kernel here.
	ABI func() (int, error)
}

// Network says what a program may do on the network. Unless it is open, no
// sockets can be made but unix and netlink ones, and TCP ones if ports are named:
// no UDP, and so no looking up of names by DNS.
type Network struct {
	Open    bool     // everything; the lists do not matter
	Connect []uint16 // the ports, on any host, to which it may connect
	Bind    []uint16 // the ports on which it may listen; 0 is one that the kernel picks
}

// The versions of Landlock that a part of a policy needs. The first two make no
// difference to this package: without ABI 3, truncate(2) would reach every file.
const (
	abiFiles  = 3 // Linux 6.2
	abiTCP    = 4 // Linux 6.7
	abiDevice = 5 // Linux 6.10, used where it is there
	abiScope  = 6 // Linux 6.12
	abiSocket = 9 // Linux 7.1, used where it is there
)

// needs tells the lowest version of Landlock that can hold the policy, and what
// asks for it.
func (p *Policy) needs() (abi int, what string) {
	switch {
	case !p.Signals:
		return abiScope, "to keep its signals from processes outside"
	case !p.Sockets:
		return abiScope, "to keep it from abstract unix sockets"
	case !p.Network.Open:
		return abiTCP, "to keep it from the network"
	}
	return abiFiles, "to keep files from being truncated"
}

// Check tells whether this kernel can hold the policy: nil, or an
// [ErrUnsupported]. Prepare does the same and more.
func (p *Policy) Check() error {
	if _, err := p.support(); err != nil {
		return err
	}
	_, err := p.sockets()
	return err
}
