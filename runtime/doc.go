// Package runtime runs Lua runbooks. It owns the Lua machine: no other package
// of the project sees it. What scripts can do is given to it from outside, as
// [Module] values; it gives each call its arguments, its permission check, its
// deadline, its dry run and its place in the record.
//
// # Who may import whom
//
//	cmd/cortexlua        everything; the only one with the command line library
//	bindings             runtime, bindings/internal/*; never the Lua machine
//	bindings/internal/*  engines: plain Go, no Lua; one owner for each library
//	runtime              runtime/internal/*; the only one with gopher-lua and gopher-luar
//	stdlib, runbooks     nothing: Lua files and one embed.go each
//
// TestImportRule in cmd/cortexlua holds this table. Since bindings cannot see
// the machine, nothing reaches Lua without a declaration: there is no other door.
//
// # How a run goes
//
// [Load] compiles a file (runtime/internal/vm: pre-check, parse, rewrite,
// compile) and, if its last statement returns runbook.define{...}, runs it to
// read the [Header]. While a file is loaded every primitive refuses, so listing
// and checking runbooks is safe. [Runbook.Run] then calls the header's function
// under the run's deadline.
//
// A call from Lua goes through dispatch: arguments are decoded into the Go
// struct of the declaration, the kinds of permission are checked, the baton (the
// one lock that Lua runs under) is given up, the primitive works, the baton is
// taken back and the result becomes a plain table. An action's primitive only
// returns a [Change]; dispatch applies it, or in a dry run records it as planned.
//
// What a run may do is its [Grant]: layers that can each only narrow, the header's
// first, then those of the policy files, then the operator's. The declared needs of
// a primitive are checked before it is entered; a scope that depends on arguments
// by the primitive itself ([Call.Require]), which may only ask for kinds that its
// declaration names. [Inspect] tells from the text alone which primitives a script
// can reach.
//
// Deadlines nest: run, step, call. Each carries its cause, so the error names the
// one that fired. The end of a scope cannot be caught by pcall within it; the
// code around a step can catch that step's own deadline.
//
// A failed run goes back by itself: the undos that its steps registered run in
// reverse, under a time limit of their own, and the result says what was restored
// and what was not.
//
// # What was decided differently from the usual
//
//   - Arguments are struct fields with tags, not positions read off a stack: the
//     decoder, the manual and the editor's definitions have one source.
//   - gopher-luar serves only the fields of live handles; see [Handle].
//   - The grant of a run is empty until it starts: what is loaded cannot act.
//   - A registry or other data file is a Lua file too, but runs in a machine of
//     its own that has no primitives; see [LoadData].
package runtime
