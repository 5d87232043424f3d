// Package demohome makes a throw-away Cortex home: the eight daemons as real
// programs, state files with the true shapes, and a git repository with a local
// origin to which newer releases, good and broken ones, can be published. It serves
// `cortexlua demo`, the tests and the benchmarks, and needs git, /bin/sh and the
// usual small tools (date, mv, sed, sleep ...) on the machine.
//
// What lies where:
//
//	home/       the files of release 1, as they stand in a home
//	releases/   what a published release adds to or changes in them
//	state/      the state files that a home has and a release has not
//
// The daemons behave as the real ones do, with these differences, made on purpose:
//
//   - Pidfiles are in $CORTEX_RUN_DIR, or in /tmp if it is not set: several homes
//     can live on one machine.
//   - metrics and auto-fix write no pidfile, so that a manager's own writing is
//     exercised too. In reality all eight write theirs. These two were chosen as
//     nothing depends on them.
//   - coordinator and integration have a period that can be set; in reality it is
//     fixed (15 s and 60 s). All periods are short here.
//   - None dies in its first cycle on Linux, and a crash keeps its exit code. In
//     reality most of them turn every exit into 0.
//   - pm drains for 3 s, and worker has two helpers that outlive a crash of it.
package demohome
