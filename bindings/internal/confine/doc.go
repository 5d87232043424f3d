// Package confine holds a program, and everything that it starts, to what a
// [Policy] names. The kernel does the holding, by Landlock (landlock(7),
// Documentation/userspace-api/landlock.rst), so it needs no trust in the program.
//
// # How a program gets in
//
// A Landlock domain belongs to a thread and is inherited by what that thread
// clones. [Policy.Prepare] does all that can fail while nothing has happened yet:
// it asks the kernel what it offers, opens the paths and makes the ruleset.
// [Domain.Enter] then restricts the calling thread, for ever. The caller runs it
// on a goroutine that holds its thread (runtime.LockOSThread), starts the child
// there and lets the goroutine end without unlocking: Go ends such a thread and
// never makes another one from it (runtime.LockOSThread; newm and gdestroy in
// runtime/proc.go). So no other goroutine is ever held, and no helper program
// stands between this program and its child: pid, session, descriptors and
// pidfd are those of the target. A start costs about a millisecond more, half of it
// for the rules about the system's files.
//
// The thread also gets no_new_privs, so a confined program cannot gain rights
// from setuid files such as sudo; and it gives up those capabilities of root that
// lead around any rule about files: loading kernel code, raw memory and I/O,
// booting another kernel, tracing, mounting (see droppedCaps). What is left of
// root, such as signals, the clock or network interfaces, is not Landlock's
// matter: confining a program is no substitute for a user of its own.
//
// # What is held
//
//   - Opening files for reading or writing, listing, making, removing, renaming
//     and linking, truncating and executing, outside what the policy names. What
//     counts is where the file is, not how its name was spelt: links, "..",
//     chdir(2) and handles make no difference, and moving or linking a file into
//     a place with more rights is refused.
//   - Device nodes cannot be made anywhere, file systems not be mounted.
//   - The network: TCP connections and listening are allowed by port, and unless
//     [Network] is open no other sockets can be made (a seccomp filter, see
//     sockets.go, for Landlock looks at nothing but TCP).
//   - Signals to processes outside, and connections to abstract unix sockets of
//     others, unless the policy allows them.
//   - Tracing processes outside, and so their memory, environment and open files
//     in /proc, always.
//
// # What is not held
//
//   - Descriptors that the program inherits: its standard streams and, for a
//     daemon, its lock. Nothing else is inherited, see package proc.
//   - Looking without opening: stat(2), chdir(2), readlink(2) and access(2) work
//     everywhere, so names, sizes and times can be seen; chmod(2), chown(2),
//     utime(2), setxattr(2), flock(2) and fcntl(2) work as far as the file's own
//     permissions let them.
//   - Hosts: a port is allowed on all of them or none. Netlink sockets stay, since
//     C libraries ask them for addresses.
//   - Unix sockets with a path, before ABI 9 (Linux 7.1): whoever may reach the
//     socket of a container engine or of systemd as root has that service do what
//     it may not do itself.
//   - Reading a script that an allowed interpreter then runs: "sh file" needs the
//     right to read the file, not to execute it.
//   - Processor time, memory, the number of processes: see the limits of package proc.
//
// A rule is about the directory that is there when the program starts. A path
// that does not exist then grants nothing, also when it is made later; one that
// is a link grants what the link leads to; and Landlock cannot take a folder back
// out of one that it allows. That is why /etc is granted file by file (see
// system.go) and why the temporary folder is not granted at all: a program that
// needs one is started with TMPDIR set to a folder in one of its roots.
//
// On ABI 6 kernels before 6.15 without the fix that LANDLOCK_CREATE_RULESET_ERRATA
// reports as number 2, a thread that must not signal others outside cannot signal
// its siblings either. Go's scheduler sends such signals only to interrupt long
// computations, and the thread lives for one clone: a delay, not a failure.
package confine
