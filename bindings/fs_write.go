package bindings

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"

	"github.com/cortexlua/cortexlua/bindings/internal/files"
	"github.com/cortexlua/cortexlua/runtime"
)

// maxMode has no set-id bits: a script gives nobody another's rights.
const maxMode = 0o1777

// parseMode reads "0644"; empty is 0, which means the default.
func parseMode(text string) (fs.FileMode, error) {
	if text == "" {
		return 0, nil
	}
	bits, err := strconv.ParseUint(text, 8, 32)
	if err != nil || bits > maxMode {
		return 0, runtime.Errorf(runtime.Invalid, "cannot read %q as a mode: write it in octal, such as \"0644\", without set-id bits", text)
	}
	mode := fs.FileMode(bits & 0o777)
	if bits&0o1000 != 0 {
		mode |= fs.ModeSticky
	}
	return mode, nil
}

type fsWriteArgs struct {
	Path string `lua:"path" doc:"absolute, or relative to the home"`
	Text string `lua:"text" doc:"the new content"`
	Mode string `lua:"mode,opt" doc:"in octal; default: that of the existing file, or 0644"`
}

type fsWritten struct {
	Path  string `lua:"path" doc:"absolute"`
	Bytes int    `lua:"bytes"`
}

func (f fsys) write(_ context.Context, c *runtime.Call, a fsWriteArgs) (runtime.Change[fsWritten], error) {
	var none runtime.Change[fsWritten]
	mode, err := parseMode(a.Mode)
	if err != nil {
		return none, err
	}
	p, err := f.host.at(c, a.Path, runtime.FSWrite)
	if err != nil {
		return none, err
	}
	if err := fitsFile(c, a.Text); err != nil {
		return none, err
	}
	done := fsWritten{Path: p.abs, Bytes: len(a.Text)}
	same, err := p.holds(c, a.Text, a.Mode)
	if err != nil {
		return none, err
	}
	if same {
		return runtime.Unchanged(done), nil
	}
	return runtime.Change[fsWritten]{
		Summary: fmt.Sprintf("write %s (%d bytes)", p.abs, len(a.Text)),
		Result:  done,
		Planned: map[string]any{fileKey(p.abs): filePlan{kind: files.TypeFile, text: &a.Text}},
		Apply: func(context.Context) (fsWritten, error) {
			if err := p.roots.WriteAtomic(p.abs, []byte(a.Text), files.WriteOptions{Mode: mode}); err != nil {
				return fsWritten{}, fileError(err)
			}
			if a.Mode != "" { // an existing file keeps its own
				return done, fileError(p.roots.Chmod(p.abs, mode))
			}
			return done, nil
		},
	}, nil
}

// holds tells whether the file has this content and mode already. What is not a
// file, or cannot be made one, is an error.
func (p place) holds(c *runtime.Call, text, mode string) (bool, error) {
	if plan, ok := p.planned(c); ok {
		if plan.kind == files.TypeDir {
			return false, isDirectory(p.abs, "write")
		}
		return plan.text != nil && *plan.text == text, nil
	}
	info, err := p.roots.Stat(p.abs, false)
	switch {
	case isAbsent(err):
		return false, p.hasParent(c)
	case err != nil:
		return false, fileError(err)
	case info.Type == files.TypeDir:
		return false, isDirectory(p.abs, "write")
	case info.Type != files.TypeFile:
		return false, runtime.Errorf(runtime.Invalid, "cannot write %s: it is a %s", p.abs, info.Type).With("path", p.abs)
	case info.Size != int64(len(text)) || (mode != "" && octalMode(info.Mode) != fmt.Sprintf("%04s", mode)):
		return false, nil
	}
	data, err := p.roots.Read(p.abs, info.Size+1)
	if errors.Is(err, files.ErrTooLarge) {
		return false, nil // it grew meanwhile
	}
	return string(data) == text, fileError(err)
}

func isDirectory(abs, verb string) error {
	return runtime.Errorf(runtime.Invalid, "cannot %s %s: it is a directory", verb, abs).With("path", abs).WithHint("name a file")
}

// hasParent is an error if the directory that is to hold the path is missing.
func (p place) hasParent(c *runtime.Call) error {
	parent := path.Dir(p.abs)
	if _, _, _, err := p.roots.Locate(parent); err != nil {
		return nil // the path is a root's own; the engine will tell
	}
	kind, err := place{p.roots, parent}.typeAt(c)
	if err == nil && kind == absent {
		return runtime.Errorf(runtime.NotFound, "cannot make %s: the directory %s does not exist", p.abs, parent).
			With("path", parent).WithHint("fs.mkdir(%q, { parents = true }) makes it", parent)
	}
	return err
}

type fsAppendArgs struct {
	Path string `lua:"path" doc:"absolute, or relative to the home"`
	Text string `lua:"text" doc:"what to add, with its line end"`
}

func (f fsys) append(_ context.Context, c *runtime.Call, a fsAppendArgs) (runtime.Change[fsWritten], error) {
	p, err := f.host.at(c, a.Path, runtime.FSWrite)
	if err == nil {
		err = fitsFile(c, a.Text)
	}
	if err != nil {
		return runtime.Change[fsWritten]{}, err
	}
	done := fsWritten{Path: p.abs, Bytes: len(a.Text)}
	if a.Text == "" {
		return runtime.Unchanged(done), nil
	}
	if _, err := p.holds(c, a.Text, ""); err != nil {
		return runtime.Change[fsWritten]{}, err
	}
	plan := filePlan{kind: files.TypeFile}
	if before, ok := p.textBefore(c); ok {
		whole := before + a.Text
		plan.text = &whole
	}
	return runtime.Change[fsWritten]{
		Summary: fmt.Sprintf("append %d bytes to %s", len(a.Text), p.abs),
		Result:  done,
		Planned: map[string]any{fileKey(p.abs): plan},
		Apply: func(context.Context) (fsWritten, error) {
			return done, fileError(p.roots.Append(p.abs, []byte(a.Text), files.WriteOptions{}))
		},
	}, nil
}

// textBefore is the content that a dry run adds to, if it can be had.
func (p place) textBefore(c *runtime.Call) (string, bool) {
	if !c.DryRun() {
		return "", false
	}
	if plan, ok := p.planned(c); ok {
		if plan.text != nil {
			return *plan.text, true
		}
		return "", plan.kind == absent
	}
	data, err := p.roots.Read(p.abs, 0)
	return string(data), err == nil || isAbsent(err)
}

type fsMkdirArgs struct {
	Path    string `lua:"path" doc:"absolute, or relative to the home"`
	Parents bool   `lua:"parents,opt" default:"false" doc:"make the directories above it too"`
	Mode    string `lua:"mode,opt" default:"0755" doc:"of a new directory, in octal"`
}

// mkdir gives true if the directory was made.
func (f fsys) mkdir(_ context.Context, c *runtime.Call, a fsMkdirArgs) (runtime.Change[bool], error) {
	var none runtime.Change[bool]
	mode, err := parseMode(a.Mode)
	if err != nil {
		return none, err
	}
	p, err := f.host.at(c, a.Path, runtime.FSWrite)
	if err != nil {
		return none, err
	}
	kind, err := p.typeAt(c)
	switch {
	case err != nil:
		return none, err
	case kind == files.TypeDir:
		return runtime.Unchanged(false), nil
	case kind != absent:
		return none, runtime.Errorf(runtime.Conflict, "cannot make the directory %s: a %s is there", p.abs, kind).With("path", p.abs)
	}
	if !a.Parents {
		if err := p.hasParent(c); err != nil {
			return none, err
		}
	}
	return runtime.Change[bool]{
		Summary: "make the directory " + p.abs,
		Result:  true,
		Planned: p.newDirs(c),
		Apply: func(context.Context) (bool, error) {
			return true, fileError(p.roots.Mkdir(p.abs, mode, a.Parents))
		},
	}, nil
}

// newDirs plans the directory and those above it that are missing.
func (p place) newDirs(c *runtime.Call) map[string]any {
	out := map[string]any{}
	for at := p.abs; ; at = path.Dir(at) {
		if _, _, _, err := p.roots.Locate(at); err != nil {
			return out
		}
		if kind, err := (place{p.roots, at}).typeAt(c); err != nil || kind != absent {
			return out
		}
		out[fileKey(at)] = filePlan{kind: files.TypeDir}
	}
}

type fsChmodArgs struct {
	Path string `lua:"path" doc:"absolute, or relative to the home"`
	Mode string `lua:"mode" doc:"in octal, such as 0644"`
}

func (f fsys) chmod(_ context.Context, c *runtime.Call, a fsChmodArgs) (runtime.Change[runtime.None], error) {
	var none runtime.Change[runtime.None]
	mode, err := parseMode(a.Mode)
	if err != nil {
		return none, err
	}
	p, err := f.host.at(c, a.Path, runtime.FSWrite)
	if err != nil {
		return none, err
	}
	if plan, ok := p.planned(c); !ok || plan.kind == absent {
		at, err := p.real(c, "change the mode of")
		if err != nil {
			return none, err
		}
		info, err := p.roots.Stat(at, true)
		if err != nil {
			return none, fileError(err)
		}
		if info.Mode == mode {
			return none, nil
		}
	}
	return runtime.Change[runtime.None]{
		Summary: fmt.Sprintf("change the mode of %s to %s", p.abs, octalMode(mode)),
		Apply: func(context.Context) (runtime.None, error) {
			return runtime.None{}, fileError(p.roots.Chmod(p.abs, mode))
		},
	}, nil
}
