package runtime

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// maxDepth bounds how deep a table may nest when it becomes Go data, as deep as
// JSON is decoded; it also ends tables that contain themselves.
const maxDepth = 200

// maxValues bounds how many values the tables of one call may become. A table
// that holds another twice, which holds another twice, and so on, is small in Lua
// and fills any memory as Go data.
const maxValues = 1_000_000

// decoder turns Lua values into Go values. It collects nothing: the first
// mistake is the error, and names the place.
type decoder struct {
	L     *lua.LState
	host  *Run // for callbacks; nil when data is loaded
	count *int // values so far
}

func newDecoder(L *lua.LState, host *Run) decoder {
	return decoder{L: L, host: host, count: new(int)}
}

// enter counts a value and holds it against the bounds.
func (d decoder) enter(path string, depth int) error {
	if depth > maxDepth {
		return Errorf(Invalid, "%s nests deeper than %d tables (does it contain itself?)", clipPath(path, 5), maxDepth)
	}
	if d.count == nil { // one value, not a call's
		return nil
	}
	if *d.count++; *d.count > maxValues {
		return Errorf(Invalid, "%s holds more than %d values", clipPath(path, 1), maxValues)
	}
	return nil
}

// args decodes the arguments of a call: the required fields of t by position,
// then one table with the optional ones.
func (d decoder) args(t reflect.Type) (reflect.Value, error) {
	out := reflect.New(t).Elem()
	if t.Kind() != reflect.Struct {
		return out, fmt.Errorf("internal: arguments must be a struct, not %s", t)
	}
	s := schemaOf(t)
	for i, at := range s.positional {
		f := s.fields[at]
		if err := d.into(out.Field(f.index), d.L.Get(i+1), f, f.name, 0); err != nil {
			return out, err
		}
	}
	given := len(s.positional)
	if err := d.checkCount(s, given); err != nil {
		return out, err
	}
	if len(s.options) == 0 {
		return out, nil
	}
	return out, d.options(out, s, d.L.Get(given+1), "")
}

// checkCount refuses surplus arguments: a caller who passes one expects it to
// matter.
func (d decoder) checkCount(s *schema, given int) error {
	limit := given
	if len(s.options) > 0 {
		limit++
	}
	if top := d.L.GetTop(); top > limit {
		for i := limit + 1; i <= top; i++ {
			if d.L.Get(i) != lua.LNil {
				return Errorf(Invalid, "too many arguments: it takes %d, this call has %d", limit, top)
			}
		}
	}
	return nil
}

func (d decoder) options(out reflect.Value, s *schema, v lua.LValue, where string) error {
	tbl, ok := v.(*lua.LTable)
	if !ok && v != lua.LNil {
		return Errorf(Invalid, "options must be a table such as { %s = ... }, not %s", s.fields[s.options[0]].name, describe(v))
	}
	if tbl != nil {
		tbl = behind(tbl)
		if err := unknownKeys(tbl, s.optionNames(), "option", where); err != nil {
			return err
		}
	}
	for _, at := range s.options {
		if err := d.key(out, s.fields[at], tbl, where); err != nil {
			return err
		}
	}
	return nil
}

// key decodes one key of a table, or its default.
func (d decoder) key(out reflect.Value, f field, tbl *lua.LTable, where string) error {
	var v lua.LValue = lua.LNil
	if tbl != nil {
		v = tbl.RawGetString(f.name)
	}
	return d.keyValue(out, f, v, where, 0)
}

func (d decoder) keyValue(out reflect.Value, f field, v lua.LValue, where string, depth int) error {
	path := join(where, f.name)
	if v == lua.LNil && f.opt {
		if !f.hasDef {
			return nil
		}
		v = defaultValue(f)
	}
	return d.into(out.Field(f.index), v, f, path, depth)
}

// defaultValue reads the default of a tag, which is written as Lua would be.
func defaultValue(f field) lua.LValue {
	switch f.typ.Kind() {
	case reflect.Bool:
		return lua.LBool(f.def == "true")
	case reflect.String:
		return lua.LString(f.def)
	}
	if f.typ == typeDuration || f.typ == typeSize {
		return lua.LString(f.def)
	}
	n, err := strconv.ParseFloat(f.def, 64)
	if err != nil {
		panic(fmt.Sprintf("option %s: default:%q does not fit its type", f.name, f.def))
	}
	return lua.LNumber(n)
}

// into decodes v and holds it against the enum and range of f.
func (d decoder) into(dst reflect.Value, v lua.LValue, f field, path string, depth int) error {
	if err := d.value(dst, v, path, depth); err != nil {
		return err
	}
	if len(f.enum) > 0 && !slices.Contains(f.enum, dst.String()) {
		return Errorf(Invalid, "%s is %q%s: it must be one of %s", path, dst.String(), Suggest(dst.String(), f.enum), strings.Join(f.enum, ", "))
	}
	return f.inRange(dst, path)
}

// value decodes v into dst by dst's type.
func (d decoder) value(dst reflect.Value, v lua.LValue, path string, depth int) error {
	if err := d.enter(path, depth); err != nil {
		return err
	}
	t := dst.Type()
	switch t {
	case typeAny:
		data, err := d.any(v, path, depth)
		if err == nil && data != nil {
			dst.Set(reflect.ValueOf(data))
		}
		return err
	case typeDuration:
		return decodeText(dst, v, path, "a duration", `"5s"`, func(s string) (int64, error) {
			n, err := ParseDuration(s)
			return int64(n), err
		})
	case typeSize:
		return decodeText(dst, v, path, "a size", `"10MB"`, func(s string) (int64, error) {
			n, err := ParseSize(s)
			return int64(n), err
		})
	case typeTime:
		return decodeTime(dst, v, path)
	case typeCallback:
		return d.callback(dst, v, path)
	}
	if t.Implements(typeHandle) {
		return decodeHandle(dst, v, path)
	}
	return d.byKind(dst, v, path, depth)
}

func (d decoder) byKind(dst reflect.Value, v lua.LValue, path string, depth int) error {
	switch dst.Kind() {
	case reflect.Pointer:
		if v == lua.LNil {
			return nil
		}
		dst.Set(reflect.New(dst.Type().Elem()))
		return d.value(dst.Elem(), v, path, depth)
	case reflect.Bool:
		b, ok := v.(lua.LBool)
		if !ok {
			return mismatch(path, "a boolean", v)
		}
		dst.SetBool(bool(b))
		return nil
	case reflect.String:
		s, ok := v.(lua.LString)
		if !ok {
			return mismatch(path, "a string", v)
		}
		dst.SetString(string(s))
		return nil
	case reflect.Slice:
		return d.slice(dst, v, path, depth)
	case reflect.Map:
		return d.mapping(dst, v, path, depth)
	case reflect.Struct:
		return d.structure(dst, v, path, depth)
	}
	return decodeNumber(dst, v, path)
}

func (d decoder) slice(dst reflect.Value, v lua.LValue, path string, depth int) error {
	if s, ok := v.(lua.LString); ok && dst.Type().Elem().Kind() == reflect.Uint8 {
		dst.SetBytes([]byte(s))
		return nil
	}
	tbl, ok := v.(*lua.LTable)
	if !ok {
		return mismatch(path, "a list", v)
	}
	tbl = behind(tbl)
	n := tbl.Len()
	if err := onlyList(tbl, n, path); err != nil {
		return err
	}
	out := reflect.MakeSlice(dst.Type(), n, n)
	for i := range n {
		item := tbl.RawGetInt(i + 1)
		if err := d.value(out.Index(i), item, itemPath(path, i+1, item), depth+1); err != nil {
			return err
		}
	}
	dst.Set(out)
	return nil
}

// itemPath tells the place of an item of a list, with its name if it has one:
// nobody counts the daemons of a registry.
func itemPath(path string, i int, item lua.LValue) string {
	if tbl, ok := item.(*lua.LTable); ok {
		if name, ok := tbl.RawGetString("name").(lua.LString); ok && len(name) <= 64 {
			return fmt.Sprintf("%s[%d] (%s)", path, i, string(name))
		}
	}
	return fmt.Sprintf("%s[%d]", path, i)
}

// onlyList refuses a table with keys beside 1..n: they would be lost.
func onlyList(tbl *lua.LTable, n int, path string) (err error) {
	tbl.ForEach(func(k, _ lua.LValue) {
		i, ok := k.(lua.LNumber)
		if err == nil && (!ok || float64(i) != math.Trunc(float64(i)) || int(i) < 1 || int(i) > n) {
			err = Errorf(Invalid, "%s must be a list, but has the key %s", path, keyText(k))
		}
	})
	return err
}

func (d decoder) mapping(dst reflect.Value, v lua.LValue, path string, depth int) error {
	tbl, ok := v.(*lua.LTable)
	if !ok {
		return mismatch(path, "a table", v)
	}
	out := reflect.MakeMap(dst.Type())
	var err error
	behind(tbl).ForEach(func(k, item lua.LValue) {
		if err != nil {
			return
		}
		key, ok := k.(lua.LString)
		if !ok {
			err = Errorf(Invalid, "%s has the key %s: keys must be strings", path, keyText(k))
			return
		}
		elem := reflect.New(dst.Type().Elem()).Elem()
		if err = d.value(elem, item, join(path, string(key)), depth+1); err == nil {
			out.SetMapIndex(reflect.ValueOf(string(key)), elem)
		}
	})
	dst.Set(out)
	return err
}

func (d decoder) structure(dst reflect.Value, v lua.LValue, path string, depth int) error {
	tbl, ok := v.(*lua.LTable)
	if !ok {
		return mismatch(path, "a table", v)
	}
	tbl = behind(tbl)
	s := schemaOf(dst.Type())
	if err := unknownKeys(tbl, s.names(), "key", path); err != nil {
		return err
	}
	for _, f := range s.fields {
		item := tbl.RawGetString(f.name)
		if item == lua.LNil && !f.opt {
			return Errorf(Invalid, "%s is missing", join(path, f.name))
		}
		if err := d.keyValue(dst, f, item, path, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// unknownKeys refuses the first key that is not in known, with a suggestion.
func unknownKeys(tbl *lua.LTable, known []string, what, where string) (err error) {
	tbl.ForEach(func(k, _ lua.LValue) {
		name, ok := k.(lua.LString)
		if err != nil || (ok && slices.Contains(known, string(name))) {
			return
		}
		in := ""
		if where != "" {
			in = " in " + where
		}
		if !ok {
			err = Errorf(Invalid, "unknown %s %s%s: keys must be names", what, keyText(k), in)
			return
		}
		hint := Suggest(string(name), known)
		if hint == "" {
			hint = "; known: " + strings.Join(known, ", ")
		}
		err = Errorf(Invalid, "unknown %s %q%s%s", what, string(name), in, hint)
	})
	return err
}

func mismatch(path, want string, got lua.LValue) error {
	if got == lua.LNil {
		return Errorf(Invalid, "%s is missing: it must be %s", path, want)
	}
	return Errorf(Invalid, "%s must be %s, not %s", path, want, describe(got))
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// clipPath shortens the place of a value deep within itself to its first parts.
func clipPath(path string, parts int) string {
	for i, c := range path {
		if c == '.' || c == '[' {
			if parts--; parts == 0 {
				return path[:i]
			}
		}
	}
	return path
}

// behind is the table that a read-only view shows, or tbl itself: a view is data
// as any table is, but holds nothing of its own. A script that makes a table look
// like a view only shows what it has anyway.
func behind(tbl *lua.LTable) *lua.LTable {
	mt, ok := tbl.Metatable.(*lua.LTable)
	if !ok || mt.RawGetString("__metatable") != lua.LString("read-only") {
		return tbl
	}
	if target, ok := mt.RawGetString("__index").(*lua.LTable); ok {
		return target
	}
	return tbl
}
