package archive

import (
	"errors"

	"github.com/cortexlua/cortexlua/bindings/internal/files"
)

// Kinds of failures, for errors.Is; those of the files package (ErrNoSpace ...)
// and io/fs stay reachable too.
var (
	ErrNoManifest = errors.New("there is no manifest beside it")
	ErrDamaged    = errors.New("it is damaged")
	ErrUnsafe     = errors.New("it holds an entry that is not safe to unpack")
	ErrLimit      = errors.New("it is larger than allowed")
	ErrChanged    = errors.New("files changed while they were read")
	ErrNoSource   = errors.New("it does not hold that source")
)

// Error is a failure with one archive.
type Error struct {
	Op    string
	Path  string // the archive
	Entry string // the first entry concerned; empty if none is
	Kind  error
	Why   string
	Hint  string
	Err   error
}

func (e *Error) Error() string {
	text := "cannot " + e.Op + " " + e.Path
	if e.Kind != nil {
		text += ": " + e.Kind.Error()
	}
	if e.Entry != "" {
		text += ": " + e.Entry
	}
	if e.Why != "" {
		text += ": " + e.Why
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return text
}

// Unwrap reaches the kind and the cause.
func (e *Error) Unwrap() []error {
	var out []error
	for _, err := range []error{e.Kind, e.Err} {
		if err != nil {
			out = append(out, err)
		}
	}
	return out
}

// explain names the file for an error of the system and leaves our own alone.
func explain(op, path string, err error) error {
	var ae *Error
	if err == nil || errors.As(err, &ae) {
		return err
	}
	return files.Explain(op, path, err)
}
