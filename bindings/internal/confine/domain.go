package confine

import (
	"errors"
	"fmt"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Domain is a policy made ready for the kernel. It may be entered by any number
// of threads, one after the other or at once, and is closed when no more will.
type Domain struct {
	ruleset int
	filter  []unix.SockFilter // of the sockets that may be made; nil: any
}

// Rights to the file system, by what a policy grants with them. Making device
// nodes is in none of them.
const (
	accessRead = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	accessExec = unix.LANDLOCK_ACCESS_FS_EXECUTE | accessRead
	accessMake = unix.LANDLOCK_ACCESS_FS_MAKE_DIR | unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_MAKE_SOCK |
		unix.LANDLOCK_ACCESS_FS_MAKE_FIFO | unix.LANDLOCK_ACCESS_FS_MAKE_SYM
	accessWrite = unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE | accessMake |
		unix.LANDLOCK_ACCESS_FS_REMOVE_DIR | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE | unix.LANDLOCK_ACCESS_FS_REFER
	accessNodes = unix.LANDLOCK_ACCESS_FS_MAKE_CHAR | unix.LANDLOCK_ACCESS_FS_MAKE_BLOCK

	// accessFile is what a rule about a file, not a directory, may hold.
	accessFile = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE |
		unix.LANDLOCK_ACCESS_FS_TRUNCATE | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV

	accessTCP = unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP
)

// Prepare makes the policy ready for a start: programs are the file that will be
// executed and, if that is a script, its interpreter. It fails with an
// [UnsupportedError] where the kernel cannot hold the policy, and with the path
// where one cannot be used. Paths that cannot be reached grant nothing.
func (p *Policy) Prepare(programs ...string) (*Domain, error) {
	abi, err := p.support()
	if err != nil {
		return nil, err
	}
	filter, err := p.sockets()
	if err != nil {
		return nil, err
	}
	attr := p.handled(abi)
	ruleset, err := createRuleset(attr)
	if err != nil {
		return nil, fmt.Errorf("the kernel makes no Landlock ruleset: %w", err)
	}
	d := &Domain{ruleset, filter}
	if err := d.fill(p, programs, attr.fs); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

// handled is all that the domain refuses unless a rule allows it.
func (p *Policy) handled(abi int) rulesetAttr {
	attr := rulesetAttr{fs: accessExec | accessWrite | accessNodes}
	if abi >= abiDevice {
		attr.fs |= unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	}
	if abi >= abiSocket && !p.Sockets {
		attr.fs |= unix.LANDLOCK_ACCESS_FS_RESOLVE_UNIX
	}
	if !p.Network.Open {
		attr.net = accessTCP
	}
	if !p.Signals {
		attr.scoped |= unix.LANDLOCK_SCOPE_SIGNAL
	}
	if !p.Sockets {
		attr.scoped |= unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET
	}
	return attr
}

func (d *Domain) fill(p *Policy, programs []string, handled uint64) error {
	for _, g := range []struct {
		paths  []string
		access uint64
	}{
		{systemPrograms(), accessExec},
		{systemFiles(), accessRead},
		{systemDevices(), accessRead | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV},
		{p.processes(), accessRead},
		{p.Read, accessRead},
		{p.Write, accessWrite},
		{p.Exec, accessExec},
		{programs, accessExec},
	} {
		for _, path := range g.paths {
			if err := d.allow(path, g.access&handled); err != nil {
				return err
			}
		}
	}
	if p.Network.Open {
		return nil
	}
	return errors.Join(
		d.allowPorts(p.Network.Connect, unix.LANDLOCK_ACCESS_NET_CONNECT_TCP),
		d.allowPorts(p.Network.Bind, unix.LANDLOCK_ACCESS_NET_BIND_TCP),
	)
}

// allow adds a rule for one path. The kernel keeps the directory itself, not its
// name, so the path may not have been moved meanwhile to widen the rule.
func (d *Domain) allow(path string, access uint64) error {
	if !filepath.IsAbs(path) {
		return fmt.Errorf("cannot confine to %q: it is not an absolute path", path)
	}
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	switch {
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENOTDIR), errors.Is(err, unix.EACCES):
		return nil // what this program cannot reach, its child could not either
	case err != nil:
		return fmt.Errorf("cannot confine to %s: %w", path, err)
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return fmt.Errorf("cannot confine to %s: %w", path, err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR {
		access &= accessFile
	}
	if err := addPath(d.ruleset, fd, access); err != nil {
		return fmt.Errorf("cannot confine to %s: landlock_add_rule: %w", path, err)
	}
	return nil
}

func (d *Domain) allowPorts(ports []uint16, access uint64) error {
	for _, port := range ports {
		if err := addPort(d.ruleset, port, access); err != nil {
			return fmt.Errorf("cannot confine to TCP port %d: landlock_add_rule: %w", port, err)
		}
	}
	return nil
}

// Enter confines the calling thread and whatever it will clone, for ever. The
// goroutine must hold its thread and end without letting it go, and the thread
// must not be the first one of the process, which cannot end. Nothing that opens
// files may run on it afterwards, but the clone.
func (d *Domain) Enter() error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("cannot confine it: no_new_privs: %w", err)
	}
	if err := restrictSelf(d.ruleset); err != nil {
		return fmt.Errorf("cannot confine it: landlock_restrict_self: %w", err)
	}
	if err := dropCaps(); err != nil {
		return fmt.Errorf("cannot confine it: capset: %w", err)
	}
	if d.filter == nil {
		return nil
	}
	if err := enterFilter(d.filter); err != nil {
		return fmt.Errorf("cannot confine it: seccomp: %w", err)
	}
	return nil
}

// Close releases the ruleset. Threads that entered stay confined.
func (d *Domain) Close() {
	if d != nil {
		unix.Close(d.ruleset)
	}
}
