package vm

import lua "github.com/yuin/gopher-lua"

// openLibs fills the globals. Nothing here loads code, leaves the process or
// changes what other code sees: no io, package, load, getfenv, newproxy, collectgarbage.
func (m *VM) openLibs() {
	g := m.Globals()
	g.RawSetString("_G", g)
	g.RawSetString("_VERSION", lua.LString("Lua 5.1"))
	for _, f := range baseFuncs() {
		g.RawSetString(f.name, m.base.NewFunction(f.f))
	}
	g.RawSetString("table", m.library(tableFuncs()))
	g.RawSetString("math", m.openMath())
	g.RawSetString("os", m.library(osFuncs()))
	g.RawSetString("coroutine", m.openCoroutine())
	g.RawSetString("debug", m.library([]fn{{"traceback", debugTraceback}}))
	m.openString(g)
	m.unwinder = m.base.NewFunction(unwind)
	m.concat = m.base.NewFunction(concat)
	m.next = m.base.NewFunction(baseNext)
	m.inext = m.base.NewFunction(ipairsStep)
}

// openString opens the string library and seals what strings index. A script may
// add functions to the string table and use them as methods, but the
// methods of the library come first and cannot be replaced: Lua code of
// the host relies on them.
func (m *VM) openString(g *lua.LTable) {
	lib := m.library(stringFuncs())
	g.RawSetString("string", lib)
	m.methods = m.base.CreateTable(0, len(stringFuncs()))
	for _, f := range stringFuncs() {
		m.methods.RawSetString(f.name, lib.RawGetString(f.name))
	}
	fallback := m.base.CreateTable(0, 1)
	fallback.RawSetString("__index", lib)
	m.methods.Metatable = fallback

	shown := m.base.CreateTable(0, 1)
	shown.RawSetString("__index", m.ReadOnly(m.methods))
	mt := m.base.CreateTable(0, 2)
	mt.RawSetString("__index", m.methods)
	mt.RawSetString("__metatable", m.ReadOnly(shown))
	m.base.SetMetatable(lua.LString(""), mt)
}
