package runtime

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"
	"github.com/yuin/gopher-lua/parse"

	"github.com/cortexlua/cortexlua/runtime/internal/vm"
)

// Inspection is what can be told about a script from its text: nothing of it is
// run, nor of what it requires. It follows functions that have a name at the top
// of their file, so that of a module only what the script reaches counts. Where
// the text does not tell, it assumes more rather than less, and says so.
type Inspection struct {
	// Requires are the modules that are loaded, with those that they require.
	Requires []Required
	// Uses are the primitives that the script may call.
	Uses []Use
	// Unclear says what the text does not tell. With any of these, Uses may lack
	// something, and nothing is said to be unused.
	Unclear []string
}

// Required is one Lua module.
type Required struct {
	Name string
	Path string // where its text is
	By   string // the file that requires it
	Err  error  // why it cannot be read or parsed; nil mostly
}

// Use is a primitive that is named somewhere.
type Use struct {
	Name   string // such as "process.stop"
	Mode   Mode
	Needs  []Permission // what its declaration needs
	May    []Permission // what it may need by its arguments
	Places []string     // "upgrade.lua:12", sorted
	// Maybe: it is not named, but a method of that name is called on something, or
	// its module is passed around.
	Maybe bool
}

// Inspect looks at a script with the modules and the library of opts.
func Inspect(src Source, opts Options) (Inspection, error) {
	in := &inspector{opts: opts, files: map[string]*file{}, uses: map[string]*Use{}, done: map[string]bool{}}
	main, err := in.parse(src)
	if err != nil {
		return Inspection{}, err
	}
	in.loadRequired(main)
	in.reach(main, "")
	out := Inspection{Requires: in.requires, Unclear: in.unclear}
	for _, name := range slices.Sorted(maps.Keys(in.uses)) {
		u := *in.uses[name]
		slices.SortFunc(u.Places, comparePlaces)
		u.Places = slices.Compact(u.Places)
		out.Uses = append(out.Uses, u)
	}
	slices.SortFunc(out.Requires, func(a, b Required) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

// file is one Lua file that was read.
type file struct {
	path string
	*outline
}

type inspector struct {
	opts     Options
	files    map[string]*file // by the name that is required
	requires []Required
	uses     map[string]*Use
	unclear  []string
	done     map[string]bool // units that were reached
}

// parse reads a file into its outline, after the machine has accepted it: that
// bounds its size and depth.
func (in *inspector) parse(src Source) (*file, error) {
	m := vm.New(vm.Limits{})
	defer m.Close()
	if _, err := m.Compile(src.Path, src.Text); err != nil {
		return nil, fromVM(err)
	}
	chunk, err := parseChunk(src)
	if err != nil {
		return nil, Errorf(Invalid, "%s: %s", src.Path, err)
	}
	return &file{src.Path, outlineOf(chunk, in.isModule)}, nil
}

// parseChunk parses a file, with a first line that starts with '#' left out.
func parseChunk(src Source) ([]ast.Stmt, error) {
	text := src.Text
	if bytes.HasPrefix(text, []byte("#")) {
		text = append([]byte("--"), text...)
	}
	return parse.Parse(bytes.NewReader(text), src.Path)
}

func (in *inspector) isModule(name string) bool {
	return slices.ContainsFunc(in.opts.Modules, func(m Module) bool { return m.Name == name })
}

// loadRequired reads what a file requires, and what that requires.
func (in *inspector) loadRequired(f *file) {
	for _, r := range f.requires {
		if _, known := in.files[r.module]; known {
			continue
		}
		in.files[r.module] = nil // in a circle: the run will refuse it
		entry := Required{Name: r.module, By: f.path}
		src, err := in.source(r.module)
		var loaded *file
		if err == nil {
			entry.Path = src.Path
			loaded, err = in.parse(src)
		}
		entry.Err = err
		in.requires = append(in.requires, entry)
		if err != nil {
			in.unclear = append(in.unclear, fmt.Sprintf("%s:%d: %s", f.path, r.line, err))
			continue
		}
		in.files[r.module] = loaded
		in.loadRequired(loaded)
		in.reach(loaded, "") // loading runs what stands outside of functions
	}
}

func (in *inspector) source(name string) (Source, error) {
	if in.opts.Library == nil {
		return Source{}, Errorf(NotFound, "cannot require %q: no library is set up", name)
	}
	return in.opts.Library(name)
}

// reach follows the references of one unit of a file, once.
func (in *inspector) reach(f *file, key string) {
	id := f.path + "\x00" + key
	u := f.units[key]
	if u == nil || in.done[id] {
		return
	}
	in.done[id] = true
	for _, r := range u.refs {
		in.follow(f, r)
	}
}

func (in *inspector) follow(f *file, r ref) {
	place := fmt.Sprintf("%s:%d", f.path, r.line)
	switch r.kind {
	case refPrimitive:
		in.primitive(r.module, r.name, place)
	case refModule:
		in.every(place, func(m Module, _ Func) bool { return m.Name == r.module })
	case refMethod:
		in.every(place, func(_ Module, fn Func) bool { return fn.name == r.name && fn.receiver() != nil })
	case refMember:
		in.required(r.module, r.name)
	case refRequired:
		in.required(r.module, "")
	case refOwn:
		in.reach(f, r.name)
	case refOwnAll:
		in.reachAll(f, r.name+".")
	case refUnknown:
		in.unclear = append(in.unclear, place+": "+r.name)
	}
}

// required reaches one function of a module; all of them where it has no function
// of that name, or none was named.
func (in *inspector) required(module, name string) {
	f := in.files[module]
	if f == nil {
		return
	}
	key := f.exports + "." + name
	switch {
	case f.exports != "" && name != "" && f.units[key] != nil:
		in.reach(f, key)
	case f.exports != "":
		in.reachAll(f, f.exports+".")
	default:
		in.reachAll(f, "")
	}
}

// reachAll reaches every unit whose key begins so.
func (in *inspector) reachAll(f *file, prefix string) {
	for _, key := range slices.Sorted(maps.Keys(f.units)) {
		if strings.HasPrefix(key, prefix) {
			in.reach(f, key)
		}
	}
}

func (in *inspector) primitive(module, name, place string) {
	for _, m := range in.opts.Modules {
		for i := range m.Funcs {
			if m.Name == module && m.Funcs[i].name == name {
				in.use(m, m.Funcs[i], place, false)
				return
			}
		}
	}
	if module != "json" || name != "null" { // the one value among the functions
		in.unclear = append(in.unclear, fmt.Sprintf("%s: there is no primitive %s.%s", place, module, name))
	}
}

func (in *inspector) every(place string, match func(Module, Func) bool) {
	for _, m := range in.opts.Modules {
		for _, fn := range m.Funcs {
			if match(m, fn) {
				in.use(m, fn, place, true)
			}
		}
	}
}

func (in *inspector) use(m Module, f Func, place string, maybe bool) {
	name := m.Name + "." + f.name
	u := in.uses[name]
	if u == nil {
		u = &Use{Name: name, Mode: f.mode, Needs: f.needs, May: f.mayNeed, Maybe: true}
		in.uses[name] = u
	}
	if !maybe && u.Maybe {
		u.Maybe, u.Places = false, nil // the sure places say more
	}
	if u.Maybe == maybe {
		u.Places = append(u.Places, place)
	}
}
