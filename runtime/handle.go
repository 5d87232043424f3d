package runtime

import (
	"reflect"

	lua "github.com/yuin/gopher-lua"
	luar "layeh.com/gopher-luar"
)

// Handle is a live thing that a script may hold but not forge: a process whose
// identity was proved, a held lock. It is a struct value around an unexported
// pointer. Its exported fields with a lua tag can be read; its methods are the
// primitives of its module whose first argument is this type, so that
// p:stop{grace = "5s"} is process.stop(p, {grace = "5s"}).
//
// gopher-luar serves the fields. It would also offer every exported method, take
// a plain table for a receiver and let a script assign through a pointer; hence
// values only, no methods by luar, and a metatable of our own around it.
type Handle interface {
	// HandleType is the name that messages and the manual use: "process".
	HandleType() string
}

// handle makes the userdata of h.
func (e encoder) handle(h Handle) lua.LValue {
	ud := luar.New(e.L, h).(*lua.LUserData)
	ud.Metatable = e.host.handleMetatable(e.L, h)
	return ud
}

// handleMetatable is made once per type and run.
func (r *Run) handleMetatable(L *lua.LState, h Handle) *lua.LTable {
	t := reflect.TypeOf(h)
	if mt, ok := r.handleTypes[t]; ok {
		return mt
	}
	methods := r.methods[t]
	mt := L.CreateTable(0, 5)
	name := h.HandleType()
	mt.RawSetString("__metatable", lua.LString(name))
	mt.RawSetString("__index", L.NewFunction(func(L *lua.LState) int {
		if key, ok := L.Get(2).(lua.LString); ok && methods[string(key)] != nil {
			L.Push(methods[string(key)])
			return 1
		}
		return indexByLuar(L, t)
	}))
	mt.RawSetString("__newindex", L.NewFunction(func(L *lua.LState) int {
		raise(L, Errorf(Invalid, "a %s cannot be changed by assignment", name))
		return 0
	}))
	mt.RawSetString("__eq", luarEqual(L, t))
	mt.RawSetString("__tostring", L.NewFunction(func(L *lua.LState) int {
		L.Push(lua.LString(handleText(L.Get(1), t, name)))
		return 1
	}))
	r.handleTypes[t] = mt
	return mt
}

// indexByLuar reads a field, after checking that the receiver is a true handle:
// luar itself would build one from a table. luar finds its fields through its own
// metatable, so it is asked about a fresh userdata of the same value.
func indexByLuar(L *lua.LState, t reflect.Type) int {
	ud, ok := L.Get(1).(*lua.LUserData)
	key, isName := L.Get(2).(lua.LString)
	if !ok || reflect.TypeOf(ud.Value) != t || !isName {
		L.Push(lua.LNil)
		return 1
	}
	L.Push(L.GetField(luar.New(L, ud.Value), string(key)))
	return 1
}

func luarEqual(L *lua.LState, t reflect.Type) *lua.LFunction {
	return L.NewFunction(func(L *lua.LState) int {
		a, okA := L.Get(1).(*lua.LUserData)
		b, okB := L.Get(2).(*lua.LUserData)
		same := okA && okB && reflect.TypeOf(a.Value) == t && reflect.TypeOf(b.Value) == t
		L.Push(lua.LBool(same && t.Comparable() && a.Value == b.Value))
		return 1
	})
}

func handleText(v lua.LValue, t reflect.Type, name string) string {
	ud, ok := v.(*lua.LUserData)
	if !ok || reflect.TypeOf(ud.Value) != t {
		return name
	}
	if s, ok := ud.Value.(interface{ String() string }); ok {
		return s.String()
	}
	return name
}

// restrictLuar lets luar show the fields that carry a lua tag, and no method.
func restrictLuar(L *lua.LState) {
	cfg := luar.GetConfig(L)
	cfg.MethodNames = func(reflect.Type, reflect.Method) []string { return nil }
	cfg.FieldNames = func(_ reflect.Type, f reflect.StructField) []string {
		if name := f.Tag.Get("lua"); name != "" && name != "-" && f.IsExported() {
			return []string{name}
		}
		return nil
	}
}

// decodeHandle accepts exactly the handle's own Go type.
func decodeHandle(dst reflect.Value, v lua.LValue, path string) error {
	ud, ok := v.(*lua.LUserData)
	if !ok || reflect.TypeOf(ud.Value) != dst.Type() {
		return mismatch(path, "a "+typeName(dst.Type()), v)
	}
	dst.Set(reflect.ValueOf(ud.Value))
	return nil
}
