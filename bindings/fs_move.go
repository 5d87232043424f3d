package bindings

import (
	"context"
	"fmt"
	"path"

	"github.com/cortexlua/cortexlua/bindings/internal/files"
	"github.com/cortexlua/cortexlua/bindings/internal/statefile"
	"github.com/cortexlua/cortexlua/runtime"
)

func (f fsys) remove(_ context.Context, c *runtime.Call, a fsPathArgs) (runtime.Change[bool], error) {
	p, kind, err := f.removable(c, a.Path, "remove")
	if err != nil || kind == absent {
		return runtime.Change[bool]{}, err
	}
	if _, planned := p.planned(c); kind == files.TypeDir && !planned {
		left, err := p.roots.ReadDir(p.abs)
		if err != nil {
			return runtime.Change[bool]{}, fileError(err)
		}
		for _, e := range left {
			if k, err := (place{p.roots, e.Path}).typeAt(c); err != nil || k != absent {
				return runtime.Change[bool]{}, runtime.Errorf(runtime.Conflict, "cannot remove %s: the directory is not empty", p.abs).
					With("path", p.abs).WithHint("fs.remove_tree removes all below it")
			}
		}
	}
	return runtime.Change[bool]{
		Summary: fmt.Sprintf("remove %s (%s)", p.abs, kind),
		Result:  true,
		Planned: map[string]any{fileKey(p.abs): filePlan{kind: absent}},
		Apply:   func(context.Context) (bool, error) { return gone(p.roots.Remove(p.abs)) },
	}, nil
}

// gone forgives that another was faster.
func gone(err error) (bool, error) {
	if isAbsent(err) {
		return false, nil
	}
	return err == nil, fileError(err)
}

func (f fsys) removeTree(_ context.Context, c *runtime.Call, a fsPathArgs) (runtime.Change[bool], error) {
	p, kind, err := f.removable(c, a.Path, "remove the tree")
	if err != nil || kind == absent {
		return runtime.Change[bool]{}, err
	}
	return runtime.Change[bool]{
		Summary: "remove " + p.abs + " and all below it",
		Result:  true,
		Planned: map[string]any{fileKey(p.abs): filePlan{kind: absent}},
		Apply:   func(ctx context.Context) (bool, error) { return gone(p.roots.RemoveTree(ctx, p.abs)) },
	}, nil
}

// removable looks at what is to be taken away. A root, or what holds one, never
// is; the engine refuses it too, here it makes the plan of a dry run true.
func (f fsys) removable(c *runtime.Call, name, verb string) (place, string, error) {
	p, err := f.host.at(c, name, runtime.FSWrite)
	if err != nil {
		return place{}, "", err
	}
	for _, root := range p.roots.List() {
		if below(p.abs, root.Dir) {
			return place{}, "", runtime.Errorf(runtime.Invalid, "cannot %s %s: it is the root %q, or holds it", verb, p.abs, root.Name).
				With("path", p.abs).WithHint("name something below it")
		}
	}
	kind, err := p.typeAt(c)
	return p, kind, err
}

type fsRenameArgs struct {
	From    string `lua:"from" doc:"absolute, or relative to the home"`
	To      string `lua:"to" doc:"the new path, name included"`
	Replace bool   `lua:"replace,opt" default:"false" doc:"take the place of an existing file"`
}

func (f fsys) rename(_ context.Context, c *runtime.Call, a fsRenameArgs) (runtime.Change[runtime.None], error) {
	var none runtime.Change[runtime.None]
	from, kind, err := f.removable(c, a.From, "move")
	if err != nil {
		return none, err
	}
	to, there, err := f.target(c, a.To)
	switch {
	case err != nil:
		return none, err
	case kind == absent:
		return none, missing("move", from.abs)
	case from.abs == to.abs:
		return none, nil
	case below(from.abs, to.abs):
		return none, runtime.Errorf(runtime.Invalid, "cannot move %s to %s: the target is inside it", from.abs, to.abs)
	case there == files.TypeDir || (there != absent && !a.Replace):
		return none, taken("move "+from.abs, to.abs, there)
	}
	return runtime.Change[runtime.None]{
		Summary: "move " + from.abs + " to " + to.abs,
		Planned: map[string]any{fileKey(from.abs): filePlan{kind: absent}, fileKey(to.abs): from.moved(c, kind)},
		Apply: func(ctx context.Context) (runtime.None, error) {
			return runtime.None{}, fileError(from.roots.Rename(ctx, from.abs, to.abs, files.RenameOptions{Replace: a.Replace}))
		},
	}, nil
}

// target looks at the place that a move or copy goes to.
func (f fsys) target(c *runtime.Call, name string) (place, string, error) {
	p, err := f.host.atTree(c, name, runtime.FSWrite) // a tree may fill roots below
	if err != nil {
		return place{}, "", err
	}
	kind, err := p.typeAt(c)
	if err == nil && kind == absent {
		err = p.hasParent(c)
	}
	return p, kind, err
}

// moved is the plan for the new place of what is at p now.
func (p place) moved(c *runtime.Call, kind string) filePlan {
	if plan, ok := p.planned(c); ok {
		return plan
	}
	return filePlan{kind: kind, origin: p.abs}
}

func missing(verb, abs string) error {
	return runtime.Errorf(runtime.NotFound, "cannot %s %s: no such file or directory", verb, abs).With("path", abs)
}

func taken(what, abs, kind string) error {
	return runtime.Errorf(runtime.Conflict, "cannot %s to %s: a %s is there already", what, abs, kind).
		With("path", abs).WithHint("remove it first, or name another place")
}

type fsCopyArgs struct {
	From    string   `lua:"from" doc:"absolute, or relative to the home"`
	To      string   `lua:"to" doc:"the new path, name included"`
	Exclude []string `lua:"exclude,opt" doc:"paths from the start that are left out, with * ? [a-z] in their parts"`
}

type fsCopied struct {
	Files int64 `lua:"files"`
	Dirs  int64 `lua:"dirs"`
	Links int64 `lua:"links"`
	Bytes int64 `lua:"bytes"`
}

// copy finds a copy that is there already, so that it can be run again.
func (f fsys) copy(ctx context.Context, c *runtime.Call, a fsCopyArgs) (runtime.Change[fsCopied], error) {
	var none runtime.Change[fsCopied]
	from, at, opts, err := f.tree(c, fsTreeArgs{Path: a.From, Exclude: a.Exclude}, "copy")
	if err != nil {
		return none, err
	}
	to, there, err := f.target(c, a.To)
	if err != nil {
		return none, err
	}
	if below(from.abs, to.abs) {
		return none, runtime.Errorf(runtime.Invalid, "cannot copy %s to %s: the target is inside it", from.abs, to.abs)
	}
	info, err := from.roots.Stat(at, false)
	if err != nil {
		return none, fileError(err)
	}
	if there != absent {
		if same, err := sameTree(ctx, c, from, at, to, opts); err != nil || same {
			return none, err
		}
		return none, taken("copy "+from.abs, to.abs, there)
	}
	return runtime.Change[fsCopied]{
		Summary: "copy " + from.abs + " to " + to.abs,
		Planned: map[string]any{fileKey(to.abs): filePlan{kind: info.Type, origin: at}},
		Apply: func(ctx context.Context) (fsCopied, error) {
			done, err := from.roots.CopyTree(ctx, from.abs, to.abs, files.CopyOptions{Exclude: a.Exclude, Sync: true})
			return fsCopied{Files: done.Files, Dirs: done.Dirs, Links: done.Links, Bytes: done.Bytes}, fileError(err)
		},
	}, nil
}

func sameTree(ctx context.Context, c *runtime.Call, from place, at string, to place, opts files.WalkOptions) (bool, error) {
	if plan, ok := to.planned(c); ok {
		return plan.origin == at, nil
	}
	want, err := from.roots.TreeHash(ctx, at, opts)
	if err != nil {
		return false, fileError(err)
	}
	have, err := to.roots.TreeHash(ctx, to.abs, files.WalkOptions{})
	return want == have, fileError(err)
}

type fsTempArgs struct {
	Prefix string `lua:"prefix,opt" default:"run-" doc:"what its name begins with"`
}

func (f fsys) tempDir(_ context.Context, c *runtime.Call, a fsTempArgs) (runtime.Change[string], error) {
	if a.Prefix != path.Base(a.Prefix) || a.Prefix == ".." || a.Prefix == "." {
		return runtime.Change[string]{}, runtime.Errorf(runtime.Invalid, "cannot begin a name with %q: it must not hold a slash", a.Prefix)
	}
	parent := f.host.statePath("tmp")
	planned := path.Join(parent, a.Prefix+"planned-"+c.RunID())
	return runtime.Change[string]{
		Summary: "make a temporary directory in " + parent,
		Result:  planned,
		Planned: map[string]any{fileKey(planned): filePlan{kind: files.TypeDir}},
		Apply: func(context.Context) (string, error) {
			if err := statefile.MakeDir(parent); err != nil {
				return "", fileError(err)
			}
			p, err := f.host.at(c, parent, runtime.FSWrite)
			if err != nil {
				return "", err
			}
			dir, err := p.roots.TempDir(parent, a.Prefix)
			if err != nil {
				return "", fileError(err)
			}
			// The run may be over by being cancelled: removing must not be.
			c.OnEnd(func() { _ = p.roots.RemoveTree(context.Background(), dir) })
			return dir, nil
		},
	}, nil
}
