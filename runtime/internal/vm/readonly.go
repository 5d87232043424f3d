package vm

import (
	lua "github.com/yuin/gopher-lua"
)

// ReadOnly gives a view of t that scripts can read, iterate and measure, but not
// change: not by assignment, rawset, table.insert or a new metatable. t itself
// stays with the host. Tables inside t are not covered.
func (m *VM) ReadOnly(t *lua.LTable) lua.LValue {
	mt := m.base.CreateTable(0, 5)
	mt.RawSetString("__index", t)
	mt.RawSetString("__newindex", m.base.NewFunction(refuseWrite))
	mt.RawSetString("__len", m.base.NewFunction(func(L *lua.LState) int {
		L.Push(lua.LNumber(t.Len()))
		return 1
	}))
	mt.RawSetString("__metatable", lua.LString("read-only"))
	view := m.base.CreateTable(0, 0)
	view.Metatable = mt
	mt.Metatable = &readOnly{mt, t}
	return view
}

// readOnly marks the metatable of a view, in a place that no script can reach: the
// metatable's own metatable, which nothing looks up.
type readOnly struct {
	mt     *lua.LTable
	target *lua.LTable
}

func (*readOnly) String() string       { return "read-only" }
func (*readOnly) Type() lua.LValueType { return lua.LTUserData }

// behind is the table that a view shows, or t itself.
func behind(t *lua.LTable) *lua.LTable {
	mt, ok := t.Metatable.(*lua.LTable)
	if !ok {
		return t
	}
	if ro, ok := mt.Metatable.(*readOnly); ok && ro.mt == mt {
		return ro.target
	}
	return t
}

func refuseWrite(L *lua.LState) int {
	Raisef(L, "cannot set %q: the table is read-only", clip(L.Get(2).String(), 80))
	return 0
}
