package bindings

import (
	"github.com/cortexlua/cortexlua/bindings/internal/files"
	"github.com/cortexlua/cortexlua/runtime"
)

// fsys are the functions of the module fs.
type fsys struct{ host *Host }

func fsModule(h *Host) runtime.Module {
	return runtime.Module{
		Name:  "fs",
		Doc:   "Look at files and change them. A path is absolute or relative to the home, and must lie below a root; each root is a permission of its own, as in fs.write:logs. No symbolic link leads out of a root.",
		Funcs: append((fsys{h}).queries(), (fsys{h}).actions()...),
	}
}

func (f fsys) queries() []runtime.Func {
	return []runtime.Func{
		runtime.Query("exists", "Tells whether something is at a path; a link counts even when it leads nowhere.", f.exists, runtime.FSRead).
			Example(`fs.exists("scripts/worker-daemon.sh")  --> true`),
		runtime.Query("stat", "Describes a file, following links, or gives nil if there is none.", f.stat, runtime.FSRead).
			Example(`fs.stat("scripts").type  --> "dir"`),
		runtime.Query("lstat", "Describes a file without following a link, or gives nil if there is none.", f.lstat, runtime.FSRead),
		runtime.Query("read", "Reads a whole file. One beyond the limit is an error, never a part.", f.read, runtime.FSRead).
			Example(`fs.read("VERSION", { limit = "1KB" })  --> "1.2.0\n"`),
		runtime.Query("tail", "Gives the last lines of a file, reading only its end.", f.tail, runtime.FSRead).
			Example(`fs.tail("agents/logs/system/worker-daemon.log", 10).lines[1]  --> "..."`),
		runtime.Query("list", "Lists a directory, sorted by name.", f.list, runtime.FSRead),
		runtime.Query("glob", "Lists the paths that match a pattern, absolute and sorted. * does not match a leading dot; ** stands for any number of directories.", f.glob, runtime.FSRead).
			Example(`fs.glob("scripts/**/*.sh")  --> { "/srv/cortex/scripts/worker-daemon.sh", ... }`),
		runtime.Query("walk", "Lists a directory and all below it, each directory before its content. Links are not followed.", f.walk, runtime.FSRead),
		runtime.Query("checksum", "Gives the SHA-256 of a file.", f.checksum, runtime.FSRead),
		runtime.Query("tree_hash", "Gives one SHA-256 over a tree: names, types, modes, contents and link targets, but not times and owners.", f.treeHash, runtime.FSRead),
		runtime.Query("usage", "Sums up the size of a file or tree.", f.usage, runtime.FSRead).
			Example(`fs.usage("coordination").bytes  --> 73216`),
		runtime.Query("disk_free", "Tells the room on the file system that holds a path, which need not exist yet.", f.diskFree, runtime.FSRead).
			Example(`fs.disk_free("backups").percent_used < 95  --> true`),
		runtime.Query("wait", "Waits until a file changes, appears or goes; gives false at the timeout. It is told by the kernel, so it does not poll.", f.wait, runtime.FSRead).
			Example(`fs.wait("run/ready", { event = "exists", timeout = "10s" })  --> true`),
	}
}

func (f fsys) actions() []runtime.Func {
	return []runtime.Func{
		runtime.Action("write", "Gives a file a new content, whole or not at all, also across a power cut. Modes of existing files are kept.", f.write, runtime.FSWrite),
		runtime.Action("append", "Adds text to the end of a file in one write, making the file if need be.", f.append, runtime.FSWrite),
		runtime.Action("mkdir", "Makes a directory; one that exists is fine.", f.mkdir, runtime.FSWrite),
		runtime.Action("remove", "Removes a file, a link (never what it leads to) or an empty directory. Gives false if nothing was there.", f.remove, runtime.FSWrite),
		runtime.Action("remove_tree", "Removes a directory and all below it, never following links and never a root. Gives false if nothing was there.", f.removeTree, runtime.FSWrite),
		runtime.Action("rename", "Moves a file or directory, across file systems too.", f.rename, runtime.FSWrite),
		runtime.Action("copy", "Copies a file or tree with modes, times and links to a place that does not exist yet; the copy appears whole or not at all.", f.copy, runtime.FSRead, runtime.FSWrite),
		runtime.Action("chmod", "Sets the permission bits of a file.", f.chmod, runtime.FSWrite),
		runtime.Action("temp_dir", "Makes a private directory that is removed at the end of the run.", f.tempDir, runtime.FSWrite.In("state")),
	}
}

// place is a path that the run may use.
type place struct {
	roots *files.Roots
	abs   string
}

// at locates a path and checks the permission for its root.
func (h *Host) at(c *runtime.Call, path string, needs runtime.Permission) (place, error) {
	roots, err := h.roots()
	if err != nil {
		return place{}, err
	}
	root, _, abs, err := roots.Locate(path)
	if err != nil {
		return place{}, placeError(err)
	}
	if err := c.Require(needs.In(root)); err != nil {
		return place{}, err
	}
	// A link within one root may lead into another that lies below it.
	if real := roots.LeadsTo(abs); real != "" && real != root {
		if err := c.Require(needs.In(real)); err != nil {
			return place{}, because(err, abs+" leads there")
		}
	}
	return place{roots: roots, abs: abs}, nil
}

// atTree is at for a path with all that is below it: roots inside it need their
// permission too, or a walk over the home would show what lies in another root.
func (h *Host) atTree(c *runtime.Call, path string, needs runtime.Permission) (place, error) {
	p, err := h.at(c, path, needs)
	if err != nil {
		return place{}, err
	}
	for _, root := range p.roots.List() {
		if below(p.abs, root.Dir) {
			if err := c.Require(needs.In(root.Name)); err != nil {
				return place{}, err
			}
		}
	}
	return p, nil
}

// below tells whether abs is dir or lies in it; both are clean.
func below(dir, abs string) bool {
	return abs == dir || len(abs) > len(dir) && abs[:len(dir)] == dir && (abs[len(dir)] == '/' || dir == "/")
}
