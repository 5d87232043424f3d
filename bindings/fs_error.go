package bindings

import (
	"errors"
	"io/fs"

	"github.com/cortexlua/cortexlua/bindings/internal/files"
	"github.com/cortexlua/cortexlua/runtime"
)

// fileError gives an error of the file engine its kind; the hint moves to its
// own place, and the path to the details.
func fileError(err error) error {
	var known *runtime.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	var outside *files.OutsideError
	if errors.As(err, &outside) {
		return runtime.Errorf(runtime.Denied, "%w", err).With("path", outside.Path).
			WithHint("name a path below a root; more roots can be declared in the registry")
	}
	var e *files.Error
	if !errors.As(err, &e) {
		return err
	}
	bare := *e
	bare.Hint = ""
	out := runtime.Errorf(fileKind(err), "%w", &bare).With("path", e.Path)
	if e.Hint != "" {
		out = out.WithHint("%s", e.Hint)
	}
	return out
}

// placeError is for a path that lies in no root, or is no path at all.
func placeError(err error) error {
	var outside *files.OutsideError
	if errors.As(err, &outside) {
		return fileError(err)
	}
	return runtime.Errorf(runtime.Invalid, "%w", err)
}

func fileKind(err error) runtime.Kind {
	is := func(list ...error) bool {
		for _, target := range list {
			if errors.Is(err, target) {
				return true
			}
		}
		return false
	}
	switch {
	case is(files.ErrNotRegular, files.ErrLink, files.ErrIsDir, files.ErrNotDir, files.ErrHoldsRoot, files.ErrNameTooLong, files.ErrTooLarge, files.ErrTooMany):
		return runtime.Invalid
	case is(files.ErrNotEmpty, files.ErrChanged, fs.ErrExist):
		return runtime.Conflict
	}
	return runtime.KindOf(err)
}
