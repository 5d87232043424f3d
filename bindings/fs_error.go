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
	if err == nil {
		return nil
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
