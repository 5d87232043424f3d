// Package proc finds, starts, watches and stops processes on Linux.
//
// Three rules shape it:
//
//   - A pid is a number that the kernel hands out again. A process is named by
//     an [Identity] (pid, start time in clock ticks, boot id), and whoever acts
//     on it holds a [Handle]: a pidfd that was opened first and proved second,
//     so that a signal cannot reach another process.
//   - Waiting is an event. The end of a process makes its pidfd readable
//     (pidfd_open(2)); the Go poller sleeps on that, without a thread or a timer.
//   - "Stopped" is a statement about the whole tree. [Stop] looks for group,
//     session, descendants and processes that carry the daemon's cookie in their
//     environment, and says so only when none of them lives.
//
// Command lines are compared argument by argument, never by a pattern: a pattern
// such as "cortex.*daemon" also matches editors, strangers and this program.
//
// The package needs Linux 5.3 (pidfd_open). From 6.9 on a group is signalled
// through the pidfd of its leader, which cannot reach a group that reused the
// number; on older kernels a group is signalled by number while its leader is
// proved to hold that number, and member by member afterwards.
package proc
