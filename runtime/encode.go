package runtime

import (
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"strconv"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// encoder turns Go values into Lua values. Data becomes plain tables; only
// handles become userdata.
type encoder struct {
	L    *lua.LState
	host *Run
}

// value encodes any result type. Durations and times become seconds, sizes
// bytes, a nil pointer or map nil; in a list, and in a map of any, nil becomes
// json.null.
func (e encoder) value(v reflect.Value) lua.LValue {
	if !v.IsValid() {
		return lua.LNil
	}
	t := v.Type()
	switch t {
	case typeNone:
		return lua.LNil
	case typeDuration:
		return lua.LNumber(time.Duration(v.Int()).Seconds())
	case typeTime:
		at := v.Interface().(time.Time)
		if at.IsZero() {
			return lua.LNil
		}
		return lua.LNumber(float64(at.Unix()) + float64(at.Nanosecond())/1e9)
	}
	if t.Implements(typeHandle) && t.Kind() == reflect.Struct {
		return e.handle(v.Interface().(Handle))
	}
	switch t.Kind() {
	case reflect.Interface:
		return e.any(v.Interface())
	case reflect.Pointer:
		if v.IsNil() {
			return lua.LNil
		}
		return e.value(v.Elem())
	case reflect.Bool:
		return lua.LBool(v.Bool())
	case reflect.String:
		return lua.LString(v.String())
	case reflect.Slice, reflect.Array:
		return e.list(v)
	case reflect.Map:
		return e.mapping(v)
	case reflect.Struct:
		return e.structure(v)
	}
	return e.number(v)
}

func (e encoder) number(v reflect.Value) lua.LValue {
	switch {
	case v.CanInt():
		return e.integer(v.Int())
	case v.CanUint():
		if v.Uint() > 1<<53 {
			return lua.LString(strconv.FormatUint(v.Uint(), 10))
		}
		return lua.LNumber(v.Uint())
	case v.CanFloat():
		return lua.LNumber(v.Float())
	}
	panic(fmt.Sprintf("cannot encode %s for Lua", v.Type()))
}

// any encodes decoded data such as JSON without going through reflection for the
// common types.
func (e encoder) any(v any) lua.LValue {
	switch v := v.(type) {
	case nil:
		return lua.LNil
	case bool:
		return lua.LBool(v)
	case float64:
		return lua.LNumber(v)
	case int:
		return e.integer(int64(v))
	case int64:
		return e.integer(v)
	case string:
		return lua.LString(v)
	case *big.Int:
		return lua.LString(v.String())
	case []any:
		tbl := e.L.CreateTable(len(v), 0)
		for i, item := range v {
			e.pause()
			tbl.RawSetInt(i+1, e.notNil(e.any(item)))
		}
		return e.markList(tbl, len(v))
	case map[string]any:
		tbl := e.L.CreateTable(0, len(v))
		for _, k := range sortedKeys(v) {
			e.pause()
			tbl.RawSetString(k, e.notNil(e.any(v[k])))
		}
		return tbl
	case Null:
		return e.host.null()
	}
	return e.value(reflect.ValueOf(v))
}

// pause lets the end of the run come while much data is turned into tables.
func (e encoder) pause() {
	if e.host == nil || e.L.Context() == nil { // the latter: nothing runs yet
		return
	}
	if e.host.encoded++; e.host.encoded%1024 == 0 {
		e.host.vm.Check(e.L)
	}
}

// integer keeps whole numbers exact: beyond 2^53 a Lua number cannot hold them,
// so they become their decimal text.
func (e encoder) integer(n int64) lua.LValue {
	if n > 1<<53 || n < -(1<<53) {
		return lua.LString(strconv.FormatInt(n, 10))
	}
	return lua.LNumber(n)
}

// notNil keeps a null inside a table visible.
func (e encoder) notNil(v lua.LValue) lua.LValue {
	if v == lua.LNil && e.host != nil {
		return e.host.null()
	}
	return v
}

func (e encoder) list(v reflect.Value) lua.LValue {
	if v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8 {
		return lua.LString(v.Bytes())
	}
	tbl := e.L.CreateTable(v.Len(), 0)
	for i := range v.Len() {
		tbl.RawSetInt(i+1, e.notNil(e.value(v.Index(i))))
	}
	return e.markList(tbl, v.Len())
}

func (e encoder) mapping(v reflect.Value) lua.LValue {
	if v.IsNil() {
		return lua.LNil
	}
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return compareText(a.String(), b.String()) })
	tbl := e.L.CreateTable(0, len(keys))
	for _, k := range keys {
		item := e.value(v.MapIndex(k))
		if v.Type().Elem() == typeAny {
			item = e.notNil(item) // decoded data, where a null is something
		}
		tbl.RawSetString(k.String(), item)
	}
	return tbl
}

func (e encoder) structure(v reflect.Value) lua.LValue {
	s := schemaOf(v.Type())
	tbl := e.L.CreateTable(0, len(s.fields))
	for _, f := range s.fields {
		item := v.Field(f.index)
		if f.opt && item.IsZero() && item.Kind() != reflect.Bool {
			continue
		}
		tbl.RawSetString(f.name, e.value(item))
	}
	return tbl
}

// emptyListKey marks the metatable of an empty list, so that it goes back out
// as [] and not as {}.
const emptyListKey = "__emptylist"

func (e encoder) markList(tbl *lua.LTable, n int) lua.LValue {
	if n == 0 && e.host != nil {
		tbl.Metatable = e.host.emptyList
	}
	return tbl
}

func isEmptyList(tbl *lua.LTable) bool {
	mt, ok := tbl.Metatable.(*lua.LTable)
	return ok && mt.RawGetString(emptyListKey) == lua.LTrue
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func compareText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
