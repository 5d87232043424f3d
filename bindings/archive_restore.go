package bindings

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/cortexlua/cortexlua/bindings/internal/archive"
	"github.com/cortexlua/cortexlua/bindings/internal/files"
	"github.com/cortexlua/cortexlua/runtime"
)

type archiveTargetArgs struct {
	Path    string   `lua:"path" doc:"the backup, absolute or relative to the home"`
	Names   []string `lua:"names,opt" doc:"the directories of the backup, by name; default: all of them"`
	To      string   `lua:"to,opt" default:"." doc:"where they belong; default: the home"`
	Exclude []string `lua:"exclude,opt" doc:"plain paths from there that are left as they are"`
}

// targets says where each directory of a backup goes. A root that a target holds
// needs its permission too, since the whole directory is replaced.
func (a archives) targets(c *runtime.Call, backup place, args archiveTargetArgs, needs runtime.Permission) ([]archive.Target, error) {
	m, err := archive.ReadManifest(backup.abs)
	if err != nil {
		return nil, err
	}
	if err := fitsUnpacked(c, m); err != nil {
		return nil, err
	}
	names := args.Names
	if names == nil {
		names = m.Sources
	}
	var out []archive.Target
	for _, name := range names {
		if !slices.Contains(m.Sources, name) {
			return nil, runtime.Errorf(runtime.NotFound, "cannot use %s: it does not hold %q%s", backup.abs, name, runtime.Suggest(name, m.Sources)).
				WithHint("it holds %s", strings.Join(m.Sources, ", ")).With("path", backup.abs)
		}
		p, err := a.host.atTree(c, args.To+"/"+name, needs)
		if err != nil {
			return nil, err
		}
		// Through the root: the directory must not be a link that leads out.
		if _, err := p.roots.Stat(p.abs, true); err != nil && !isAbsent(err) {
			return nil, fileError(err)
		}
		keep, err := preserved(name, args.Exclude)
		if err != nil {
			return nil, err
		}
		out = append(out, archive.Target{Source: name, Dir: p.abs, Preserve: keep})
	}
	return out, nil
}

// preserved gives the excluded paths below one target, from there.
func preserved(name string, exclude []string) ([]string, error) {
	var out []string
	for _, e := range exclude {
		if !fs.ValidPath(e) || strings.ContainsAny(e, `*?[\`) {
			return nil, runtime.Errorf(runtime.Invalid, "cannot leave out %q: name a plain relative path, such as \"coordination/backups\"", e)
		}
		if e == name {
			return nil, runtime.Errorf(runtime.Invalid, "cannot leave out all of %q: name the other directories in names", e)
		}
		if rel, ok := strings.CutPrefix(e, name+"/"); ok {
			out = append(out, rel)
		}
	}
	return out, nil
}

// restoredKey is where a dry run notes that a directory was restored, and from
// what.
func restoredKey(dir string) string { return "archive:restored:" + dir }

func (a archives) compare(ctx context.Context, c *runtime.Call, args archiveTargetArgs) ([]string, error) {
	p, err := a.backup(c, args.Path)
	if err != nil {
		return nil, err
	}
	targets, err := a.targets(c, p, args, runtime.FSRead)
	if err != nil {
		return nil, archiveError(ctx, err)
	}
	return differences(ctx, c, p, targets)
}

// differences counts what a dry run planned to restore as restored.
func differences(ctx context.Context, c *runtime.Call, p place, targets []archive.Target) ([]string, error) {
	var out []string
	for _, t := range targets {
		if from, ok := c.Planned(restoredKey(t.Dir)); ok && from == p.abs {
			continue
		}
		if _, err := p.roots.Stat(t.Dir, true); isAbsent(err) {
			out = append(out, t.Source)
			continue
		}
		found, err := archive.Compare(ctx, p.abs, []archive.Target{t})
		if err != nil {
			return nil, archiveError(ctx, err)
		}
		out = append(out, found...)
	}
	slices.Sort(out)
	return out, nil
}

type archiveRestored struct {
	Restored []string `lua:"restored" doc:"the directories that were put back"`
	Changed  []string `lua:"changed" doc:"the paths that were not as the backup has them"`
	Left     []string `lua:"left" doc:"what was there before and could not be removed; mostly empty"`
}

func (a archives) restore(ctx context.Context, c *runtime.Call, args archiveTargetArgs) (runtime.Change[archiveRestored], error) {
	var none runtime.Change[archiveRestored]
	p, err := a.backup(c, args.Path)
	if err != nil {
		return none, err
	}
	targets, err := a.targets(c, p, args, runtime.FSWrite)
	if err != nil {
		return none, archiveError(ctx, err)
	}
	changed, err := differences(ctx, c, p, targets)
	if err != nil {
		return none, err
	}
	if len(changed) == 0 {
		return runtime.Unchanged(archiveRestored{}), nil
	}
	if c.DryRun() { // otherwise unpacking proves it, before anything changes
		if _, err := archive.Verify(ctx, p.abs); err != nil {
			return none, archiveError(ctx, err)
		}
	}
	done := archiveRestored{Changed: changed}
	planned := map[string]any{}
	for _, t := range targets {
		done.Restored = append(done.Restored, t.Dir)
		planned[restoredKey(t.Dir)] = p.abs
		planned[fileKey(t.Dir)] = filePlan{kind: files.TypeDir, origin: t.Dir}
	}
	return runtime.Change[archiveRestored]{
		Summary: fmt.Sprintf("restore %s from %s", strings.Join(done.Restored, ", "), p.abs),
		Result:  done,
		Planned: planned,
		Apply: func(ctx context.Context) (archiveRestored, error) {
			c.Progress(ctx, "restoring from %s", p.abs)
			done.Left, err = putBack(ctx, c, p.abs, targets)
			return done, err
		},
	}, nil
}

// putBack restores and then removes what was there before. From the moment that
// the directories are exchanged the restore counts as done: that the old ones
// cannot be removed is a warning.
func putBack(ctx context.Context, c *runtime.Call, backup string, targets []archive.Target) (left []string, err error) {
	handle, err := archive.Restore(ctx, backup, targets, "")
	if err != nil {
		return nil, archiveError(ctx, err)
	}
	if err := handle.Commit(context.WithoutCancel(ctx)); err != nil {
		for _, s := range handle.Swapped {
			if s.Before != "" {
				left = append(left, s.Before)
			}
		}
		c.Log(ctx, slog.LevelWarn, "restored, but what was there before is still there: "+err.Error(), "left", left)
	}
	return left, nil
}

type archiveFound struct {
	Path    string            `lua:"path" doc:"absolute"`
	Name    string            `lua:"name" doc:"the name of the file"`
	Size    int64             `lua:"size" doc:"in bytes"`
	Created time.Time         `lua:"created,opt" doc:"in seconds since 1970; of one that cannot be read, when the file was last written"`
	Sources []string          `lua:"sources,opt" doc:"the names of its directories"`
	Meta    map[string]string `lua:"meta,opt" doc:"what create was given; nil if it cannot be read"`
	Why     string            `lua:"why,opt" doc:"why it cannot be read"`
}

type archiveListArgs struct {
	Dir string `lua:"dir" doc:"the directory, absolute or relative to the home; one that does not exist has no backups"`
}

func (a archives) list(_ context.Context, c *runtime.Call, args archiveListArgs) ([]archiveFound, error) {
	p, err := a.host.at(c, args.Dir, runtime.FSRead)
	if err != nil {
		return nil, err
	}
	entries, err := p.roots.ReadDir(p.abs)
	if isAbsent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fileError(err)
	}
	var out []archiveFound
	for _, e := range entries {
		if e.Info.Type == files.TypeFile && strings.HasSuffix(e.Name, ".tar.gz") && !files.IsTemp(e.Name) {
			out = append(out, found(e))
		}
	}
	slices.SortStableFunc(out, func(x, y archiveFound) int {
		if n := y.Created.Compare(x.Created); n != 0 {
			return n
		}
		return strings.Compare(y.Name, x.Name)
	})
	return out, nil
}

func found(e files.Entry) archiveFound {
	out := archiveFound{Path: e.Path, Name: e.Name, Size: e.Info.Size, Created: e.Info.ModTime}
	m, err := archive.ReadManifest(e.Path)
	if err != nil {
		out.Why = err.Error()
		var ae *archive.Error
		if errors.As(err, &ae) {
			bare := *ae
			bare.Hint = ""
			out.Why = bare.Error()
		}
		return out
	}
	out.Created, out.Sources, out.Meta = m.Created, m.Sources, metaOf(m)
	return out
}
