package bindings

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/cortexlua/cortexlua/bindings/internal/files"
	"github.com/cortexlua/cortexlua/runtime"
)

type fsPathArgs struct {
	Path string `lua:"path" doc:"absolute, or relative to the home"`
}

// isAbsent: only this is "not there"; that it cannot be told is an error.
func isAbsent(err error) bool { return errors.Is(err, fs.ErrNotExist) }

func (f fsys) exists(_ context.Context, c *runtime.Call, a fsPathArgs) (bool, error) {
	p, err := f.host.at(c, a.Path, runtime.FSRead)
	if err != nil {
		return false, err
	}
	kind, err := p.typeAt(c)
	return err == nil && kind != absent, err
}

type fsInfo struct {
	Path  string    `lua:"path" doc:"absolute"`
	Type  string    `lua:"type" doc:"file, dir, link, fifo, socket or device"`
	Size  int64     `lua:"size" doc:"in bytes"`
	Mode  string    `lua:"mode,opt" doc:"the permission bits as chmod takes them: 0644"`
	MTime time.Time `lua:"mtime,opt" doc:"when the content last changed, in seconds since 1970"`
	UID   int       `lua:"uid"`
	GID   int       `lua:"gid"`
	Inode uint64    `lua:"inode,opt"`
	Links uint64    `lua:"links,opt" doc:"how many names it has"`
	// Target is given by lstat only.
	Target string `lua:"target,opt" doc:"where a link leads"`
}

func describeFile(abs string, info files.Info) fsInfo {
	return fsInfo{
		Path: abs, Type: info.Type, Size: info.Size, Mode: octalMode(info.Mode), MTime: info.ModTime,
		UID: info.UID, GID: info.GID, Inode: info.Inode, Links: info.Links,
	}
}

func (f fsys) stat(_ context.Context, c *runtime.Call, a fsPathArgs) (*fsInfo, error) {
	return f.describe(c, a.Path, true)
}

func (f fsys) lstat(_ context.Context, c *runtime.Call, a fsPathArgs) (*fsInfo, error) {
	return f.describe(c, a.Path, false)
}

func (f fsys) describe(c *runtime.Call, path string, follow bool) (*fsInfo, error) {
	p, err := f.host.at(c, path, runtime.FSRead)
	if err != nil {
		return nil, err
	}
	at := p.abs
	if plan, ok := p.planned(c); ok {
		switch {
		case plan.kind == absent:
			return nil, nil
		case plan.origin == "":
			return plannedInfo(p.abs, plan), nil
		}
		at = plan.origin
	}
	info, err := p.roots.Stat(at, follow)
	if isAbsent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fileError(err)
	}
	out := describeFile(p.abs, info)
	if info.Type == files.TypeLink {
		if out.Target, err = p.roots.Readlink(at); err != nil {
			return nil, fileError(err)
		}
	}
	return &out, nil
}

func plannedInfo(abs string, plan filePlan) *fsInfo {
	info := &fsInfo{Path: abs, Type: plan.kind}
	if plan.text != nil {
		info.Size = int64(len(*plan.text))
	}
	return info
}

type fsReadArgs struct {
	Path  string       `lua:"path" doc:"absolute, or relative to the home"`
	Limit runtime.Size `lua:"limit,opt" default:"16MiB" doc:"a longer file is an error"`
}

func (f fsys) read(_ context.Context, c *runtime.Call, a fsReadArgs) (string, error) {
	p, err := f.host.at(c, a.Path, runtime.FSRead)
	if err != nil {
		return "", err
	}
	if plan, ok := p.planned(c); ok && plan.text != nil {
		return *plan.text, nil
	}
	at, err := p.real(c, "read")
	if err != nil {
		return "", err
	}
	limit, explain := readWhole(c, int64(a.Limit))
	data, err := p.roots.Read(at, limit)
	return string(data), explain(err)
}

type fsTailArgs struct {
	Path  string `lua:"path" doc:"absolute, or relative to the home"`
	Lines int    `lua:"lines" min:"1" max:"100000" doc:"how many lines"`
}

type fsTailed struct {
	Lines   []string `lua:"lines" doc:"the oldest first, without line ends"`
	Clipped bool     `lua:"clipped" doc:"a line was too long, or the lines together were"`
}

func (f fsys) tail(_ context.Context, c *runtime.Call, a fsTailArgs) (fsTailed, error) {
	p, err := f.host.at(c, a.Path, runtime.FSRead)
	if err != nil {
		return fsTailed{}, err
	}
	at, err := p.real(c, "read")
	if err != nil {
		return fsTailed{}, err
	}
	t, err := p.roots.Tail(at, a.Lines)
	return fsTailed{Lines: t.Lines, Clipped: t.Clipped}, fileError(err)
}

func (f fsys) checksum(ctx context.Context, c *runtime.Call, a fsPathArgs) (string, error) {
	p, err := f.host.at(c, a.Path, runtime.FSRead)
	if err != nil {
		return "", err
	}
	at, err := p.real(c, "read")
	if err != nil {
		return "", err
	}
	sum, err := p.roots.Checksum(ctx, at)
	return sum, fileError(err)
}

type fsSpace struct {
	Total       int64   `lua:"total" doc:"in bytes"`
	Free        int64   `lua:"free" doc:"what an ordinary user may still write, in bytes"`
	Used        int64   `lua:"used" doc:"in bytes"`
	PercentUsed float64 `lua:"percent_used" doc:"as df shows it: what is used of what an ordinary user may use"`
	Inodes      int64   `lua:"inodes" doc:"0 where the file system has no fixed number"`
	InodesFree  int64   `lua:"inodes_free"`
	ReadOnly    bool    `lua:"read_only"`
}

func (f fsys) diskFree(_ context.Context, c *runtime.Call, a fsPathArgs) (fsSpace, error) {
	p, err := f.host.at(c, a.Path, runtime.FSRead)
	if err != nil {
		return fsSpace{}, err
	}
	s, err := diskFree(p)
	if err != nil {
		return fsSpace{}, fileError(err)
	}
	out := fsSpace{
		Total: s.Total, Free: s.Available, Used: s.Total - s.Free,
		Inodes: s.Inodes, InodesFree: s.InodesFree, ReadOnly: s.ReadOnly,
	}
	if usable := out.Used + s.Available; usable > 0 {
		out.PercentUsed = 100 * float64(out.Used) / float64(usable)
	}
	return out, nil
}

// diskFree asks for the home when the root itself, such as backups, is not made
// yet: it will lie there, unless it is a mount, which exists.
func diskFree(p place) (files.Space, error) {
	s, err := p.roots.DiskFree(p.abs)
	if isAbsent(err) {
		for _, root := range p.roots.List() {
			if root.Name == files.HomeRoot && below(root.Dir, p.abs) {
				return p.roots.DiskFree(root.Dir)
			}
		}
	}
	return s, err
}

func octalMode(mode fs.FileMode) string {
	bits := uint32(mode.Perm())
	for _, special := range []struct {
		flag fs.FileMode
		bit  uint32
	}{{fs.ModeSetuid, 0o4000}, {fs.ModeSetgid, 0o2000}, {fs.ModeSticky, 0o1000}} {
		if mode&special.flag != 0 {
			bits |= special.bit
		}
	}
	return fmt.Sprintf("%04o", bits)
}
