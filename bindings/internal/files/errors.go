package files

import (
	"errors"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Sentinels for errors.Is. Those of io/fs (ErrNotExist, ErrExist,
// ErrPermission) stay reachable too.
var (
	ErrNotRegular  = errors.New("not a regular file")
	ErrLink        = errors.New("a symbolic link")
	ErrIsDir       = errors.New("a directory")
	ErrNotDir      = errors.New("not a directory")
	ErrNotEmpty    = errors.New("the directory is not empty")
	ErrTooLarge    = errors.New("too large")
	ErrTooMany     = errors.New("too many entries")
	ErrHoldsRoot   = errors.New("a root, or a directory that holds one")
	ErrNoSpace     = errors.New("no space left on the file system")
	ErrReadOnly    = errors.New("the file system is read-only")
	ErrNameTooLong = errors.New("the name is too long")
	ErrCrossDevice = errors.New("source and target are on different file systems")
	ErrChanged     = errors.New("changed while it was read")
)

// Error is a failed file operation. Its text reads
// "cannot <op> <path>: <cause>; <hint>".
type Error struct {
	Op   string // a verb and object, as in "read" or "write"
	Path string // the path as it was asked for, absolute
	Kind error  // a sentinel of this package or of io/fs; nil if none fits
	Hint string // what to do next; may be empty
	Err  error  // the underlying error; may be nil
}

func (e *Error) Error() string {
	cause := "unknown cause"
	switch {
	case e.Kind != nil:
		cause = causeText(e.Kind)
	case e.Err != nil:
		cause = bare(e.Err).Error()
	}
	text := "cannot " + e.Op + " " + e.Path + ": " + cause
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return text
}

// Unwrap makes both the sentinel and the system's own error reachable.
func (e *Error) Unwrap() []error {
	var list []error
	if e.Kind != nil {
		list = append(list, e.Kind)
	}
	if e.Err != nil {
		list = append(list, e.Err)
	}
	return list
}

// OutsideError says that a path is not inside any root (Link false), or that a
// symbolic link on the way leads out of the root (Link true). Callers map it to
// the kind "denied".
type OutsideError struct {
	Path  string
	Root  string // name of the root that a link would leave; empty if Link is false
	Roots []string
	Link  bool
}

func (e *OutsideError) Error() string {
	if e.Link {
		return "cannot use " + e.Path + ": a symbolic link on the way leads out of the root \"" + e.Root + "\""
	}
	return "cannot use " + e.Path + ": it is outside the roots (" + strings.Join(e.Roots, ", ") + ")"
}

func causeText(kind error) string {
	switch {
	case errors.Is(kind, fs.ErrNotExist):
		return "no such file or directory"
	case errors.Is(kind, fs.ErrExist):
		return "it exists already"
	case errors.Is(kind, fs.ErrPermission):
		return "permission denied"
	case kind == ErrNotRegular, kind == ErrLink, kind == ErrIsDir, kind == ErrNotDir, kind == ErrHoldsRoot:
		return "it is " + kind.Error()
	}
	return kind.Error()
}

// bare takes the path wrappers off, since our own text names the path.
func bare(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return bare(pe.Err)
	}
	var le *os.LinkError
	if errors.As(err, &le) {
		return bare(le.Err)
	}
	var se *os.SyscallError
	if errors.As(err, &se) {
		return se.Err
	}
	return err
}

// fail wraps err; nil stays nil, and an error that already tells its file is
// handed on as it is.
func fail(op, path string, err error) error {
	if err == nil {
		return nil
	}
	var fe *Error
	var oe *OutsideError
	if errors.As(err, &fe) || errors.As(err, &oe) {
		return err
	}
	if escapes(err) {
		return &OutsideError{Path: path, Root: "?", Link: true}
	}
	hint, kind := classify(err)
	return &Error{Op: op, Path: path, Kind: kind, Hint: hint, Err: err}
}

func refuse(op, path string, kind error, hint string) error {
	return &Error{Op: op, Path: path, Kind: kind, Hint: hint}
}

// escapes knows the error of os.Root for a path that leaves it. The standard
// library does not export it (os/root.go, errPathEscapes).
func escapes(err error) bool {
	return err != nil && bare(err).Error() == "path escapes from parent"
}

func classify(err error) (hint string, kind error) {
	var errno unix.Errno
	if errors.As(err, &errno) {
		switch errno {
		case unix.ENOSPC, unix.EDQUOT:
			return "free some space (also look at the inodes: df -i) and try again", ErrNoSpace
		case unix.EROFS:
			return "", ErrReadOnly
		case unix.ENAMETOOLONG:
			return "", ErrNameTooLong
		case unix.EXDEV:
			return "", ErrCrossDevice
		case unix.ENOTDIR:
			return "", ErrNotDir
		case unix.EISDIR:
			return "", ErrIsDir
		case unix.ENOTEMPTY:
			return "", ErrNotEmpty
		case unix.ELOOP:
			return "", ErrLink
		}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fs.ErrNotExist
	case errors.Is(err, fs.ErrExist):
		return "", fs.ErrExist
	case errors.Is(err, fs.ErrPermission):
		return "check the owner and mode of the file and its directories", fs.ErrPermission
	}
	return "", nil
}

// Explain wraps an error of the system for the file it belongs to, as every
// function of this package does; for engines that write below an open root.
func Explain(op, path string, err error) error {
	return fail(op, path, repath(err, path))
}
