package runtime

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// maxDepth bounds how deep a table may nest when it becomes Go data; it also
// ends tables that contain themselves.
const maxDepth = 64

// decoder turns Lua values into Go values. It collects nothing: the first
// mistake is the error, and names the place.
type decoder struct {
	L    *lua.LState
	host *Run // for callbacks; nil when data is loaded
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

func (f field) inRange(v reflect.Value, path string) error {
	if f.min == nil && f.max == nil {
		return nil
	}
	var n float64
	switch {
	case v.CanInt():
		n = float64(v.Int())
	case v.CanUint():
		n = float64(v.Uint())
	case v.CanFloat():
		n = v.Float()
	}
	if f.min != nil && n < *f.min {
		return Errorf(Invalid, "%s is %v: it must be at least %v", path, n, *f.min)
	}
	if f.max != nil && n > *f.max {
		return Errorf(Invalid, "%s is %v: it must be at most %v", path, n, *f.max)
	}
	return nil
}

// value decodes v into dst by dst's type.
func (d decoder) value(dst reflect.Value, v lua.LValue, path string, depth int) error {
	if depth > maxDepth {
		return Errorf(Invalid, "%s nests deeper than %d tables", path, maxDepth)
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

func decodeNumber(dst reflect.Value, v lua.LValue, path string) error {
	n, ok := v.(lua.LNumber)
	if !ok {
		return mismatch(path, "a number", v)
	}
	if dst.CanFloat() {
		dst.SetFloat(float64(n))
		return nil
	}
	if float64(n) != math.Trunc(float64(n)) || math.Abs(float64(n)) > 1<<53 {
		return Errorf(Invalid, "%s is %v: it must be a whole number", path, n)
	}
	switch {
	case dst.CanInt() && !dst.OverflowInt(int64(n)):
		dst.SetInt(int64(n))
		return nil
	case dst.CanUint() && n >= 0 && !dst.OverflowUint(uint64(n)):
		dst.SetUint(uint64(n))
		return nil
	}
	return Errorf(Invalid, "%s is %v: out of range", path, n)
}

func decodeText(dst reflect.Value, v lua.LValue, path, what, sample string, parse func(string) (int64, error)) error {
	s, ok := v.(lua.LString)
	if !ok {
		return Errorf(Invalid, "%s must be %s with a unit, such as %s, not %s", path, what, sample, describe(v))
	}
	n, err := parse(string(s))
	if err != nil {
		return Errorf(Invalid, "%s: %s", path, err)
	}
	dst.SetInt(n)
	return nil
}

func decodeTime(dst reflect.Value, v lua.LValue, path string) error {
	n, ok := v.(lua.LNumber)
	if !ok {
		return mismatch(path, "a time in seconds since 1970", v)
	}
	sec, frac := math.Modf(float64(n))
	dst.Set(reflect.ValueOf(time.Unix(int64(sec), int64(frac*1e9))))
	return nil
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
	n := tbl.Len()
	if err := onlyList(tbl, n, path); err != nil {
		return err
	}
	out := reflect.MakeSlice(dst.Type(), n, n)
	for i := range n {
		at := fmt.Sprintf("%s[%d]", path, i+1)
		if err := d.value(out.Index(i), tbl.RawGetInt(i+1), at, depth+1); err != nil {
			return err
		}
	}
	dst.Set(out)
	return nil
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
	tbl.ForEach(func(k, item lua.LValue) {
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

// describe names a Lua value for a message, short enough to print.
func describe(v lua.LValue) string {
	switch v := v.(type) {
	case lua.LString:
		if len(v) > 40 {
			return fmt.Sprintf("the string %q...", string(v[:40]))
		}
		return fmt.Sprintf("the string %q", string(v))
	case lua.LNumber:
		return "the number " + strconv.FormatFloat(float64(v), 'g', -1, 64)
	case lua.LBool:
		return fmt.Sprintf("%v", bool(v))
	case *lua.LNilType:
		return "nil"
	}
	return "a " + v.Type().String()
}

func keyText(k lua.LValue) string {
	return strings.TrimPrefix(strings.TrimPrefix(describe(k), "the string "), "the number ")
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
