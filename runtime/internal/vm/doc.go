// Package vm is the hardened Lua machine that runbooks run on: gopher-lua
// v1.1.2, unmodified, with everything that a script can reach replaced or
// bounded.
//
// # What it promises
//
// Whatever a script does, it ends soon after its context ends, it stays near
// its memory limit, it cannot catch the end of its own time, and it reaches
// nothing that the host has not given to it. The wall around the process (the
// supervising parent) holds what this one cannot: a Go call that never returns.
//
// # How a call goes
//
//	Run, Call, Go        a scope: one context, its deadline, its cause
//	  thread             one Lua stack; every protected call has its own
//	    coroutine        a thread on a goroutine of its own
//
// Lua code never runs in parallel. One token, the baton, is held by whoever runs
// Lua; [VM.Block] gives it away while a primitive waits. A script therefore needs
// no locks between two waits.
//
// # How errors travel
//
// A Lua error is a Go panic with a *raised value. It is recovered only by a
// protected call (pcall, xpcall, coroutine.resume, Run, Call, Go). The end of
// a scope is a Go panic with an abort value, which protected calls pass on. So a
// deadline cannot be caught by pcall, and a traceback is rendered only where
// somebody will read it (upstream renders one line for each tail call of an
// endless recursion: seconds and hundreds of megabytes).
//
// Each protected call runs on an LState of its own because upstream closes the
// upvalues of all frames of the LState that raises (gopher-lua issue 448): after
// any caught error the locals that closures share would be split in two.
//
// # Rules for primitives
//
//   - A primitive is an lua.LGFunction that is called with the running state L and
//     holds the baton. Its context is [Context](L).
//   - What may wait, waits inside [VM.Block]. What may compute long, calls
//     [VM.Check]. What allocates much, asks [VM.Room] before.
//   - It calls Lua back with [VM.Call], never with L.PCall, L.Resume or
//     L.NewThread: those would catch what must not be caught. A plain L.Call is
//     fine where errors are to pass through.
//   - It raises with [Raise], [Raisef] or L.RaiseError.
//
// # What differs from Lua 5.1
//
// See the table in docs/lua.md.
package vm
