package bindings

import (
	"context"
	"path"
	"strings"
	"time"

	"github.com/cortexlua/cortexlua/bindings/internal/files"
	"github.com/cortexlua/cortexlua/runtime"
)

type fsEntry struct {
	Name  string    `lua:"name"`
	Path  string    `lua:"path" doc:"absolute"`
	Rel   string    `lua:"rel" doc:"from the start; \".\" is the start itself"`
	Type  string    `lua:"type" doc:"file, dir, link, fifo, socket or device"`
	Size  int64     `lua:"size" doc:"in bytes"`
	Mode  string    `lua:"mode" doc:"the permission bits: 0644"`
	MTime time.Time `lua:"mtime" doc:"in seconds since 1970"`
}

func describeEntry(start string, e files.Entry) fsEntry {
	return fsEntry{
		Name: path.Base(e.Path), Path: path.Join(start, e.Rel), Rel: e.Rel,
		Type: e.Info.Type, Size: e.Info.Size, Mode: octalMode(e.Info.Mode), MTime: e.Info.ModTime,
	}
}

func (f fsys) list(_ context.Context, c *runtime.Call, a fsPathArgs) ([]fsEntry, error) {
	p, err := f.host.at(c, a.Path, runtime.FSRead)
	if err != nil {
		return nil, err
	}
	at, err := p.real(c, "list")
	if err != nil {
		return nil, err
	}
	list, err := p.roots.ReadDir(at)
	if err != nil {
		return nil, fileError(err)
	}
	out := make([]fsEntry, len(list))
	for i, e := range list {
		out[i] = describeEntry(p.abs, e)
	}
	return out, nil
}

type fsGlobArgs struct {
	Pattern string `lua:"pattern" doc:"absolute, or relative to the home, with * ? [a-z] ** in its parts"`
}

func (f fsys) glob(ctx context.Context, c *runtime.Call, a fsGlobArgs) ([]string, error) {
	fixed, _, _ := strings.Cut(a.Pattern, "*")
	if i := strings.IndexAny(fixed, `?[\`); i >= 0 {
		fixed = fixed[:i]
	}
	start := "."
	if i := strings.LastIndexByte(fixed, '/'); i > 0 {
		start = fixed[:i]
	} else if i == 0 {
		start = "/"
	}
	p, err := f.host.at(c, start, runtime.FSRead)
	if err != nil {
		return nil, err
	}
	found, err := p.roots.Glob(ctx, a.Pattern, files.WalkOptions{})
	if err != nil {
		return nil, fileError(err)
	}
	var out []string
	for _, abs := range found {
		if _, err := f.host.at(c, abs, runtime.FSRead); err != nil {
			return nil, err
		}
		if kind, err := (place{p.roots, abs}).typeAt(c); err == nil && kind != absent {
			out = append(out, abs)
		}
	}
	return out, nil
}

type fsTreeArgs struct {
	Path       string   `lua:"path" doc:"absolute, or relative to the home"`
	Exclude    []string `lua:"exclude,opt" doc:"paths from the start that are left out, with * ? [a-z] in their parts; **/NAME matches at any depth"`
	MaxEntries int      `lua:"max_entries,opt" default:"1000000" min:"1" doc:"more are an error"`
}

// tree opens the start of a walk.
func (f fsys) tree(c *runtime.Call, a fsTreeArgs, verb string) (place, string, files.WalkOptions, error) {
	opts := files.WalkOptions{Exclude: a.Exclude, MaxEntries: a.MaxEntries}
	if err := files.CheckPatterns(a.Exclude); err != nil {
		return place{}, "", opts, invalidPattern(err)
	}
	p, err := f.host.atTree(c, a.Path, runtime.FSRead)
	if err != nil {
		return place{}, "", opts, err
	}
	at, err := p.real(c, verb)
	return p, at, opts, err
}

func invalidPattern(err error) error { return runtime.Errorf(runtime.Invalid, "%w", err) }

func (f fsys) walk(ctx context.Context, c *runtime.Call, a fsTreeArgs) ([]fsEntry, error) {
	p, at, opts, err := f.tree(c, a, "walk")
	if err != nil {
		return nil, err
	}
	var out []fsEntry
	err = p.roots.Walk(ctx, at, opts, func(e files.Entry) error {
		out = append(out, describeEntry(p.abs, e))
		return nil
	})
	return out, fileError(err)
}

func (f fsys) treeHash(ctx context.Context, c *runtime.Call, a fsTreeArgs) (string, error) {
	p, at, opts, err := f.tree(c, a, "read")
	if err != nil {
		return "", err
	}
	sum, err := p.roots.TreeHash(ctx, at, opts)
	return sum, fileError(err)
}

type fsUsage struct {
	Bytes int64 `lua:"bytes" doc:"the sum of the file sizes; a file with several names counts once"`
	Disk  int64 `lua:"disk" doc:"bytes really in use on the disk"`
	Files int64 `lua:"files"`
	Dirs  int64 `lua:"dirs"`
}

func (f fsys) usage(ctx context.Context, c *runtime.Call, a fsTreeArgs) (fsUsage, error) {
	p, at, opts, err := f.tree(c, a, "walk")
	if err != nil {
		return fsUsage{}, err
	}
	u, err := p.roots.DiskUsage(ctx, at, opts)
	return fsUsage{Bytes: u.Apparent, Disk: u.Disk, Files: u.Files, Dirs: u.Dirs}, fileError(err)
}

type fsWaitArgs struct {
	Path    string        `lua:"path" doc:"absolute, or relative to the home; it need not exist"`
	Event   string        `lua:"event,opt" default:"change" enum:"change,exists,absent" doc:"change: it is written, replaced, made or removed; exists, absent: as soon as that is so"`
	Timeout time.Duration `lua:"timeout,opt" default:"30s" doc:"how long to wait"`
}

// wait does not wait for what is only planned: it will not come.
func (f fsys) wait(ctx context.Context, c *runtime.Call, a fsWaitArgs) (bool, error) {
	p, err := f.host.at(c, a.Path, runtime.FSRead)
	if err != nil {
		return false, err
	}
	if plan, ok := p.planned(c); ok {
		return a.Event == "change" || (plan.kind == absent) == (a.Event == "absent"), nil
	}
	before, err := lookAt(p)
	if err != nil {
		return false, err
	}
	limited, cancel := context.WithTimeout(ctx, a.Timeout)
	defer cancel()
	c.Progress(ctx, "waiting for %s (%s)", p.abs, a.Event)
	err = p.roots.Wait(limited, []string{p.abs}, func() (bool, error) {
		now, err := lookAt(p)
		switch a.Event {
		case "exists":
			return now.Type != "", err
		case "absent":
			return now.Type == "", err
		}
		return now != before, err
	})
	if err != nil && ctx.Err() == nil && limited.Err() != nil {
		return false, nil
	}
	return err == nil, fileError(err)
}

// lookAt gives what tells two states of a file apart; the zero Info for none.
func lookAt(p place) (files.Info, error) {
	info, err := p.roots.Stat(p.abs, false)
	if isAbsent(err) {
		return files.Info{}, nil
	}
	return info, fileError(err)
}
