package main

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cortexlua/cortexlua/runbooks"
	"github.com/cortexlua/cortexlua/runtime"
	"github.com/cortexlua/cortexlua/stdlib"
)

// library finds Lua files: runbooks, the registry, and what they require. The
// operator's folder comes before what is shipped.
type library struct {
	home string // "" when there is none
	own  string // the operator's folder, or ""
	near string // the folder of a script that was named by its path
}

func newLibrary(home string) *library {
	lib := &library{home: home}
	if home != "" {
		lib.own = filepath.Join(home, folder)
	}
	return lib
}

// runbook finds a runbook by path (it holds a slash or ends in .lua) or by name.
func (l *library) runbook(name string) (runtime.Source, error) {
	if strings.Contains(name, "/") || strings.HasSuffix(name, ".lua") {
		return l.byPath(name)
	}
	if !plainName(name) {
		return runtime.Source{}, usagef("%q is not the name of a runbook", name)
	}
	if l.own != "" {
		src, err := readFile(filepath.Join(l.own, "runbooks", name+".lua"))
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return src, err
		}
	}
	if name != registryName {
		if text, err := runbooks.FS.ReadFile(name + ".lua"); err == nil {
			return runtime.Source{Path: "runbooks/" + name + ".lua", Text: text}, nil
		}
	}
	return runtime.Source{}, runtime.Errorf(runtime.NotFound, "no runbook %q%s", name, runtime.Suggest(name, l.names())).
		WithHint("cortexlua list shows all; cortexlua run ./%s.lua runs a file", name)
}

// byPath reads a script from where its path says. A path that names a shipped
// runbook as the README writes it (runbooks/upgrade.lua) works from any folder.
func (l *library) byPath(name string) (runtime.Source, error) {
	src, err := readFile(name)
	if err == nil {
		l.near = filepath.Dir(name)
		return src, nil
	}
	base, isShipped := strings.CutPrefix(path.Clean(name), "runbooks/")
	if errors.Is(err, fs.ErrNotExist) && isShipped && base != registryName+".lua" {
		if text, err := runbooks.FS.ReadFile(base); err == nil {
			return runtime.Source{Path: "runbooks/" + base, Text: text}, nil
		}
	}
	return src, runtime.Errorf(runtime.KindOf(err), "cannot read the runbook: %w", err).WithHint("cortexlua list shows the runbooks that can be run by name")
}

// names lists the runbooks that can be run by name, sorted.
func (l *library) names() []string {
	var names []string
	add := func(fsys fs.FS) {
		entries, _ := fs.ReadDir(fsys, ".")
		for _, e := range entries {
			if name, ok := strings.CutSuffix(e.Name(), ".lua"); ok && name != registryName {
				names = append(names, name)
			}
		}
	}
	add(runbooks.FS)
	if l.own != "" {
		add(os.DirFS(filepath.Join(l.own, "runbooks")))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// registryName is the file, without its ending, that declares the daemons.
const registryName = "registry"

// registry finds the registry: the flag, the operator's, the shipped one.
func (l *library) registry(flag string) (runtime.Source, error) {
	if flag != "" {
		src, err := readFile(flag)
		if err != nil {
			return src, runtime.Errorf(runtime.KindOf(err), "cannot read the registry: %w", err).WithHint("check --registry")
		}
		return src, nil
	}
	if l.own != "" {
		src, err := readFile(filepath.Join(l.own, registryName+".lua"))
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return src, err
		}
	}
	text, err := runbooks.FS.ReadFile(registryName + ".lua")
	return runtime.Source{Path: "runbooks/" + registryName + ".lua", Text: text}, err
}

// module finds what require(name) loads: beside a script named by its path, then
// in the operator's lib folder, then in the shipped library.
func (l *library) module(name string) (runtime.Source, error) {
	rel := strings.ReplaceAll(name, ".", "/") + ".lua"
	for _, part := range strings.Split(name, ".") {
		if !plainName(part) {
			return runtime.Source{}, runtime.Errorf(runtime.Invalid, "cannot require %q: a module's name is words joined by dots, such as \"cortex.daemon\"", name)
		}
	}
	var dirs []string
	if l.near != "" {
		dirs = append(dirs, l.near)
	}
	if l.own != "" {
		dirs = append(dirs, filepath.Join(l.own, "lib"))
	}
	for _, dir := range dirs {
		src, err := readFile(filepath.Join(dir, rel))
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return src, err
		}
	}
	text, err := stdlib.FS.ReadFile(rel)
	if err != nil {
		return runtime.Source{}, runtime.Errorf(runtime.NotFound, "cannot require %q: no %s in %s or in the shipped library", name, rel, strings.Join(dirs, ", "))
	}
	return runtime.Source{Path: "stdlib/" + rel, Text: text}, nil
}

func plainName(name string) bool {
	for _, c := range name {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return name != ""
}

// maxSource bounds what is read into memory before the VM checks it.
const maxSource = 4 << 20

// readFile reads a Lua file. It must be a regular file: opening a FIFO would
// wait for ever.
func readFile(name string) (runtime.Source, error) {
	info, err := os.Stat(name)
	if err != nil {
		return runtime.Source{}, err
	}
	if !info.Mode().IsRegular() {
		return runtime.Source{}, runtime.Errorf(runtime.Invalid, "cannot read %s: it is not a regular file", name)
	}
	if info.Size() > maxSource {
		return runtime.Source{}, runtime.Errorf(runtime.Invalid, "cannot read %s: %d bytes are too many for a script", name, info.Size())
	}
	text, err := os.ReadFile(name)
	return runtime.Source{Path: name, Text: text}, err
}
