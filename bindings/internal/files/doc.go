// Package files does all work on the file system for the bindings: reading,
// atomic writing, copying, hashing, removing and waiting for changes.
//
// Every path that a script hands in is resolved against a set of named roots
// (Roots) and then opened through os.Root, so neither ".." nor a symbolic link
// can lead out of a root, also when a link is swapped in while we work. Engines
// that already hold an os.Root (archive) use the plain functions (WalkTree,
// NewPending, HashFile ...), which take the root and a path relative to it.
//
// Rules that hold everywhere:
//   - reads open with O_NONBLOCK and refuse everything but regular files, so a
//     FIFO cannot hang a run and a device is never touched;
//   - a file is written to a temporary name in the same directory, synced,
//     renamed, and its directory synced; on any failure the temporary file is
//     removed and the old content stays;
//   - removing never follows a link and never takes a root away;
//   - errors are *Error: they name the operation, the file, the cause and, where
//     there is one, the next thing to do, and errors.Is finds both the sentinels
//     of this package and those of io/fs.
//
// The package is the only owner of fsnotify.
package files
