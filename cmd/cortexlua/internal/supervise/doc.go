// Package supervise is the outer wall of a run: a small parent process of the
// same binary that watches the process in which scripts run.
//
// The hardened machine (runtime/internal/vm) ends nearly every runaway with an
// error that has a line number. It cannot hold a Go call that never returns, a
// fatal error of Go (stack above 1 GB, concurrent map access, out of memory), the
// memory of the programs that a run started, or a program that left its group.
// Another process can.
//
// # The two processes
//
//	parent   Parent: starts the child, watches, ends what is left, maps the exit code
//	child    the program as it always was; Attach gives it a *Child to speak through
//
// The child executes /proc/self/exe with the same arguments, standard streams,
// session and process group; it finds its end of a socket pair by [Marker]. It
// says its limits, its deadline (which may move), the daemons it has started and
// how it ended, one message a packet (see message.go). A nil *Child does nothing,
// so that a program without a parent needs no other code.
//
// # What the parent does
//
//   - Deadline plus grace (150 ms): SIGKILL for the whole tree, exit code 124.
//   - Resident memory of the child and all its descendants near the limit: SIGKILL
//     for the whole tree, exit code 125. See memory.go for how often it looks.
//   - The child dies of a signal or of a fatal error of Go: one clear line, 126.
//   - After the child's end: what it left behind, whatever session it fled to,
//     comes to the parent (PR_SET_CHILD_SUBREAPER), gets SIGTERM, a short grace and
//     SIGKILL. Registered daemons are not touched, nor counted, nor waited for.
//   - The parent dies: the kernel kills the child (PR_SET_PDEATHSIG). kill -9 of
//     the parent is kill -9 of the run.
//
// # Signals
//
// The child shares the process group, so that reading from the terminal, job
// control and pipelines work as for one process. Ctrl-C then reaches both, kill(1)
// only one of them. Each counts what it receives itself, the parent tells the child
// its count, and the child obeys the larger one: a signal counts once whichever
// way it came, with no guess about time. Signals within 100 ms of each other are one
// request, because timeout(1) signals the process and then its group, and a
// closing terminal sends SIGHUP by way of the shell and of the kernel.
//
// # Why a package init
//
// A second start of a Go program is what the parent costs. Most of a start that
// can be saved is initialising packages that the parent does not need (Lua, JSON
// queries, HTTP, the command line). Since Go 1.21 packages are initialised in the
// order of their import paths as soon as what they import is ready. Package early
// imports only this one, which imports only small packages of the standard library
// and x/sys/unix; so its init runs before all of them, and becomes the parent
// there. TestNothingElseIsInitialised holds this. During init the main goroutine
// is locked to the main thread, which is also what PR_SET_PDEATHSIG asks for: it
// fires when the thread that forked ends.
//
// # What it does not hold
//
// Memory that no process has mapped (files in tmpfs, pipe and socket buffers), and
// what a tree can fill between two looks. Programs that the run started, if the
// parent itself is killed with SIGKILL. Time and memory while the parent is stopped
// (SIGSTOP). What processes in uninterruptible sleep do: it is reported. A child
// that runs machine code of an attacker can move its own deadline or claim its own
// descendants to be daemons; it cannot make the parent signal a stranger.
package supervise
