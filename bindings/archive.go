package bindings

import (
	"context"
	"errors"
	"fmt"
	"path"
	"time"

	"github.com/cortexlua/cortexlua/bindings/internal/archive"
	"github.com/cortexlua/cortexlua/bindings/internal/files"
	"github.com/cortexlua/cortexlua/runtime"
)

// archives are the functions of the module archive.
type archives struct{ host *Host }

func archiveModule(h *Host) runtime.Module {
	a := archives{h}
	return runtime.Module{
		Name: "archive",
		Doc:  "Make, verify and restore backups: a tar.gz beside a manifest with the checksum of every file.",
		Funcs: []runtime.Func{
			runtime.Action("create", "Makes a backup of directories; it appears whole or not at all, and never replaces one.", a.create, runtime.FSWrite, runtime.FSRead).
				Example(`archive.create("backups/a.tar.gz", { sources = { { name = "scripts", dir = "scripts" } } }).entries  --> 12`),
			runtime.Query("verify", "Reads a whole backup and proves every byte of it. One that is damaged is an error that names the first bad file.", a.verify, runtime.FSRead).
				Example(`archive.verify("backups/a.tar.gz").meta.commit  --> "9fceb02d..."`),
			runtime.Query("manifest", "Reads the manifest of a backup, proved by its own checksum, without reading the backup itself.", a.manifest, runtime.FSRead),
			runtime.Query("list", "Lists the backups of a directory, the newest first. One whose manifest cannot be read is listed with the reason.", a.list, runtime.FSRead),
			runtime.Query("compare", "Lists the paths that are not as a backup has them: missing, added, or with another content or mode.", a.compare, runtime.FSRead).
				Example(`#archive.compare("backups/a.tar.gz")  --> 0`),
			runtime.Action("restore", "Puts directories back exactly as a backup has them: files that came later are gone. The backup is proved before anything changes.", a.restore, runtime.FSWrite, runtime.FSRead),
		},
	}
}

type archiveArgs struct {
	Path string `lua:"path" doc:"the backup, absolute or relative to the home"`
}

// backup finds an archive through its root: a link that leads out is refused
// before the engine, which works with plain paths, sees it.
func (a archives) backup(c *runtime.Call, name string) (place, error) {
	p, err := a.host.at(c, name, runtime.FSRead)
	if err != nil {
		return place{}, err
	}
	at, err := p.real(c, "read the backup")
	if err != nil {
		return place{}, err
	}
	info, err := p.roots.Stat(at, true)
	if err != nil {
		return place{}, fileError(err)
	}
	if info.Type != files.TypeFile {
		return place{}, runtime.Errorf(runtime.Invalid, "cannot read the backup %s: it is a %s", p.abs, info.Type).With("path", p.abs)
	}
	return place{p.roots, at}, nil
}

type archiveVerified struct {
	OK      bool              `lua:"ok" doc:"always true: a damaged backup is an error"`
	Entries int               `lua:"entries" doc:"how many files, directories and links it holds"`
	Bytes   int64             `lua:"bytes" doc:"the sum of the file sizes"`
	Meta    map[string]string `lua:"meta" doc:"what create was given"`
	Created time.Time         `lua:"created" doc:"in seconds since 1970"`
	Changed []string          `lua:"changed" doc:"files that were written to while they were read, and may be torn"`
}

func (a archives) verify(ctx context.Context, c *runtime.Call, args archiveArgs) (archiveVerified, error) {
	p, err := a.backup(c, args.Path)
	if err != nil {
		return archiveVerified{}, err
	}
	if m, err := archive.ReadManifest(p.abs); err == nil {
		if err := fitsUnpacked(c, m); err != nil {
			return archiveVerified{}, err
		}
	}
	c.Progress(ctx, "verifying %s", p.abs)
	m, err := archive.Verify(ctx, p.abs)
	if err != nil {
		return archiveVerified{}, archiveError(ctx, err)
	}
	return archiveVerified{
		OK: true, Entries: len(m.Entries), Bytes: m.Bytes(), Meta: metaOf(m), Created: m.Created, Changed: m.Changed,
	}, nil
}

type archiveManifestArgs struct {
	Path  string `lua:"path" doc:"the backup, absolute or relative to the home"`
	Files bool   `lua:"files,opt" default:"false" doc:"list what it holds, too"`
}

type archiveManifest struct {
	Meta    map[string]string `lua:"meta" doc:"what create was given"`
	Created time.Time         `lua:"created" doc:"in seconds since 1970"`
	Sources []string          `lua:"sources" doc:"the names of its directories"`
	Entries int               `lua:"entries" doc:"how many files, directories and links it holds"`
	Bytes   int64             `lua:"bytes" doc:"the sum of the file sizes"`
	Changed []string          `lua:"changed" doc:"files that were written to while they were read, and may be torn"`
	Skipped []string          `lua:"skipped" doc:"sockets, devices and FIFOs, which a backup does not hold"`
	Files   []archiveEntry    `lua:"files,opt" doc:"with files = true"`
}

type archiveEntry struct {
	Path   string `lua:"path" doc:"begins with the name of its source"`
	Type   string `lua:"type" doc:"file, dir or link"`
	Mode   string `lua:"mode"`
	Size   int64  `lua:"size" doc:"in bytes"`
	SHA256 string `lua:"sha256,opt" doc:"of a file's content"`
	Target string `lua:"target,opt" doc:"where a link leads"`
}

func (a archives) manifest(ctx context.Context, c *runtime.Call, args archiveManifestArgs) (archiveManifest, error) {
	p, err := a.backup(c, args.Path)
	if err != nil {
		return archiveManifest{}, err
	}
	m, err := archive.ReadManifest(p.abs)
	if err != nil {
		return archiveManifest{}, archiveError(ctx, err)
	}
	out := archiveManifest{
		Meta: metaOf(m), Created: m.Created, Sources: m.Sources, Entries: len(m.Entries), Bytes: m.Bytes(),
		Changed: m.Changed, Skipped: m.Skipped,
	}
	if args.Files {
		out.Files = make([]archiveEntry, len(m.Entries))
		for i, e := range m.Entries {
			out.Files[i] = archiveEntry{Path: e.Path, Type: e.Type, Mode: e.Mode, Size: e.Size, SHA256: e.SHA256, Target: e.Target}
		}
	}
	return out, nil
}

// metaOf is never nil, so that a script can ask for any key.
func metaOf(m archive.Manifest) map[string]string {
	if m.Meta == nil {
		return map[string]string{}
	}
	return m.Meta
}

type archiveSource struct {
	Name     string   `lua:"name" doc:"what it is called in the backup: letters, digits, dot, dash, underscore"`
	Dir      string   `lua:"dir" doc:"the directory, absolute or relative to the home"`
	Exclude  []string `lua:"exclude,opt" doc:"paths from dir that are left out, with * ? [a-z] in their parts; **/NAME matches at any depth"`
	Optional bool     `lua:"optional,opt" default:"false" doc:"leave it out if there is no such directory"`
}

type archiveCreateArgs struct {
	Path    string            `lua:"path" doc:"the backup to make, absolute or relative to the home; by custom it ends in .tar.gz"`
	Sources []archiveSource   `lua:"sources,opt" doc:"the directories that it holds; at least one"`
	Meta    map[string]string `lua:"meta,opt" doc:"what to remember with it, such as the commit"`
	Strict  bool              `lua:"strict,opt" default:"false" doc:"a file that is written to while it is read is an error, not a note"`
}

type archiveCreated struct {
	Path    string   `lua:"path" doc:"absolute"`
	Entries int      `lua:"entries" doc:"how many files, directories and links it holds"`
	Bytes   int64    `lua:"bytes" doc:"the sum of the file sizes"`
	Size    int64    `lua:"size" doc:"of the backup itself, in bytes"`
	SHA256  string   `lua:"sha256,opt" doc:"of the backup itself; nil in a dry run"`
	Changed []string `lua:"changed" doc:"files that were written to while they were read, and may be torn"`
}

func (a archives) create(_ context.Context, c *runtime.Call, args archiveCreateArgs) (runtime.Change[archiveCreated], error) {
	var none runtime.Change[archiveCreated]
	to, err := a.newBackup(c, args.Path)
	if err != nil {
		return none, err
	}
	sources, err := a.sources(c, args.Sources)
	if err != nil {
		return none, err
	}
	return runtime.Change[archiveCreated]{
		Summary: fmt.Sprintf("back up %s to %s", sourceNames(sources), to.abs),
		Result:  archiveCreated{Path: to.abs},
		Planned: map[string]any{fileKey(to.abs): filePlan{kind: files.TypeFile}},
		Apply: func(ctx context.Context) (archiveCreated, error) {
			c.Progress(ctx, "backing up %s", sourceNames(sources))
			m, err := archive.Create(ctx, to.abs, sources, archive.CreateOptions{Meta: args.Meta, FailOnChange: args.Strict, Now: c.Now})
			if err != nil {
				return archiveCreated{}, archiveError(ctx, err)
			}
			return created(ctx, to, m)
		},
	}, nil
}

func created(ctx context.Context, to place, m archive.Manifest) (archiveCreated, error) {
	info, err := to.roots.Stat(to.abs, false)
	if err != nil {
		return archiveCreated{}, fileError(err)
	}
	sum, err := to.roots.Checksum(ctx, to.abs)
	if err != nil {
		return archiveCreated{}, fileError(err)
	}
	return archiveCreated{Path: to.abs, Entries: len(m.Entries), Bytes: m.Bytes(), Size: info.Size, SHA256: sum, Changed: m.Changed}, nil
}

// newBackup checks the place of a backup to be made.
func (a archives) newBackup(c *runtime.Call, name string) (place, error) {
	p, err := a.host.at(c, name, runtime.FSWrite)
	if err != nil {
		return place{}, err
	}
	kind, err := p.typeAt(c)
	switch {
	case err != nil:
		return place{}, err
	case kind != absent:
		return place{}, taken("back up", p.abs, kind)
	}
	if err := p.hasParent(c); err != nil {
		return place{}, err
	}
	// Through the root: the directory must not be a link that leads out.
	if _, err := p.roots.Stat(path.Dir(p.abs), true); err != nil && !isAbsent(err) {
		return place{}, fileError(err)
	}
	return p, nil
}

func (a archives) sources(c *runtime.Call, list []archiveSource) ([]archive.Source, error) {
	if len(list) == 0 {
		return nil, runtime.Errorf(runtime.Invalid, "cannot make a backup of nothing: sources is empty").
			WithHint(`sources = { { name = "scripts", dir = "scripts" } }`)
	}
	var out []archive.Source
	for _, s := range list {
		if err := files.CheckPatterns(s.Exclude); err != nil {
			return nil, invalidPattern(err)
		}
		p, err := a.host.atTree(c, s.Dir, runtime.FSRead)
		if err != nil {
			return nil, err
		}
		info, err := p.roots.Stat(p.abs, true)
		switch {
		case isAbsent(err) && s.Optional:
		case err != nil:
			return nil, fileError(err)
		case info.Type != files.TypeDir:
			return nil, runtime.Errorf(runtime.Invalid, "cannot back up %s: it is a %s, not a directory", p.abs, info.Type).With("path", p.abs)
		}
		out = append(out, archive.Source{Name: s.Name, Dir: p.abs, Exclude: s.Exclude, Optional: s.Optional})
	}
	return out, nil
}

func sourceNames(list []archive.Source) string {
	text := ""
	for i, s := range list {
		if i > 0 {
			text += ", "
		}
		text += s.Name
	}
	return text
}

// archiveError gives an engine's error its kind; the hint moves to its own place.
func archiveError(ctx context.Context, err error) error {
	var known *runtime.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var e *archive.Error
	if !errors.As(err, &e) {
		return fileError(err)
	}
	bare := *e
	bare.Hint = ""
	out := runtime.Errorf(archiveKind(err), "%w", &bare).With("path", e.Path)
	if e.Hint != "" {
		out = out.WithHint("%s", e.Hint)
	}
	if e.Entry != "" {
		out = out.With("entry", e.Entry)
	}
	return out
}

func archiveKind(err error) runtime.Kind {
	switch {
	case errors.Is(err, archive.ErrNoSource):
		return runtime.NotFound
	case errors.Is(err, archive.ErrChanged):
		return runtime.Conflict
	case errors.Is(err, archive.ErrDamaged), errors.Is(err, archive.ErrNoManifest), errors.Is(err, archive.ErrUnsafe), errors.Is(err, archive.ErrLimit):
		return runtime.Failed
	}
	return fileKind(err)
}
