package archive

import (
	"context"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/cortexlua/cortexlua/bindings/internal/files"
)

// Compare lists what differs between directories and a backup, sorted: paths
// that are missing, that the backup does not have, or that have another type,
// mode, content or link target. Paths are as in the manifest, below the name of
// the source. What a target preserves is not looked at. Times are not compared.
func Compare(ctx context.Context, name string, targets []Target) ([]string, error) {
	m, err := ReadManifest(name)
	if err != nil {
		return nil, err
	}
	var differs []string
	for _, t := range targets {
		if !slices.Contains(m.Sources, t.Source) {
			return nil, &Error{Op: "compare with", Path: name, Kind: ErrNoSource, Entry: t.Source}
		}
		c := comparison{target: t, want: map[string]Entry{}}
		for _, e := range m.Entries {
			if e.Path == t.Source || strings.HasPrefix(e.Path, t.Source+"/") {
				c.want[e.Path] = e
			}
		}
		if err := c.walk(ctx); err != nil {
			return nil, &Error{Op: "compare with", Path: name, Err: err}
		}
		differs = append(differs, c.differs...)
	}
	slices.Sort(differs)
	return differs, nil
}

// comparison holds one directory against its part of the manifest. What was met
// is taken out of want, so that in the end the missing remain.
type comparison struct {
	target  Target
	want    map[string]Entry
	differs []string
}

func (c *comparison) walk(ctx context.Context) error {
	root, err := os.OpenRoot(c.target.Dir)
	if err != nil {
		return err
	}
	defer root.Close()
	opts := files.WalkOptions{Exclude: c.target.Preserve}
	err = files.WalkTree(ctx, root, ".", opts, func(dir *os.Root, e files.Entry) error {
		same, err := c.same(ctx, dir, e)
		if err == nil && !same {
			c.differs = append(c.differs, path.Join(c.target.Source, e.Rel))
		}
		return err
	})
	for p := range c.want {
		rel := strings.TrimPrefix(strings.TrimPrefix(p, c.target.Source), "/")
		if !files.Excluded(c.target.Preserve, rel) {
			c.differs = append(c.differs, p)
		}
	}
	return err
}

func (c *comparison) same(ctx context.Context, dir *os.Root, e files.Entry) (bool, error) {
	if files.IsTemp(e.Name) {
		return true, nil // not part of a backup either
	}
	p := path.Join(c.target.Source, e.Rel)
	want, ok := c.want[p]
	delete(c.want, p)
	if !ok || want.Type != e.Info.Type || want.Type != files.TypeLink && want.Mode != octal(e.Info.Mode) {
		return false, nil
	}
	switch want.Type {
	case files.TypeFile:
		if want.Size != e.Info.Size {
			return false, nil
		}
		sum, err := files.HashFile(ctx, dir, e.Name)
		return sum == want.SHA256, err
	case files.TypeLink:
		target, err := dir.Readlink(e.Name)
		return target == want.Target, err
	}
	return true, nil
}
