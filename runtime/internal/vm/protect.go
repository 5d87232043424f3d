package vm

import (
	lua "github.com/yuin/gopher-lua"
)

// basePCall is pcall: the function runs on a stack of its own, whose frames are
// exactly those that an error ends.
func basePCall(L *lua.LState) int {
	if L.GetTop() == 0 {
		argError(L, 1, "value expected")
	}
	t := threadOf(L)
	if f := L.Get(1); f.Type() != lua.LTFunction && !t.vm.callable(f) {
		return notCallable(L, f)
	}
	c := t.enter()
	if c == nil {
		return pushError(L, lua.LString("stack overflow"))
	}
	nargs := L.GetTop() - 1
	L.XMoveTo(c.L, nargs+1)
	return t.protected(c, nargs)
}

// baseXPCall is xpcall. The handler sees the failed stack. Further arguments
// go to the function, as in Lua 5.2.
func baseXPCall(L *lua.LState) int {
	if L.GetTop() < 2 {
		argError(L, 2, "value expected")
	}
	t := threadOf(L)
	c := t.enter()
	if c == nil {
		return pushError(L, lua.LString("stack overflow"))
	}
	handler, isFn := L.Get(2).(*lua.LFunction)
	nargs := L.GetTop() - 2
	c.L.Push(L.Get(1))
	for i := 3; i <= nargs+2; i++ {
		c.L.Push(L.Get(i))
	}
	L.SetTop(0)
	if !isFn {
		handler = t.vm.base.NewFunction(handlerMissing)
	}
	c.handler = handler
	defer func() { c.handler, c.handling = nil, false }()
	return t.protected(c, nargs)
}

func handlerMissing(L *lua.LState) int {
	Raise(L, lua.LString("attempt to call a non-function error handler"))
	return 0
}

// protected calls on c and leaves true and the results, or false and the error, as
// the results of the primitive that runs on t.
func (t *thread) protected(c *thread, nargs int) int {
	L := t.L
	if r := c.call(nargs); r != nil {
		t.leave(c, false)
		t.check()
		return pushError(L, r.value)
	}
	n := c.L.GetTop()
	L.Push(lua.LTrue)
	if n > 0 {
		c.L.XMoveTo(L, n)
	}
	t.child = c
	return n + 1
}

func pushError(L *lua.LState, v lua.LValue) int {
	L.Push(lua.LFalse)
	L.Push(v)
	return 2
}

// baseError is error. Level 1 is who called error, level 2 who called that.
func baseError(L *lua.LState) int {
	t := threadOf(L)
	v := L.Get(1)
	level := optInt(L, 2, 1)
	if n, ok := v.(lua.LNumber); ok && level > 0 {
		v = lua.LString(formatNumber(n))
	}
	if s, ok := v.(lua.LString); ok && level > 0 {
		v = lua.LString(t.where(level) + string(s))
	}
	t.verbatim = true
	L.Error(v, 0)
	return 0
}

// where is the position of a level, counted on through the stacks of protected
// calls.
func (t *thread) where(level int) string {
	for th := t; th != nil && level < maxWhere; th = th.parent {
		n := 0
		for ; n <= level; n++ {
			if _, ok := th.L.GetStack(n); !ok {
				break
			}
		}
		if n > level {
			return where(th.L, level)
		}
		level -= n
	}
	return ""
}

// maxWhere bounds the search for a level.
const maxWhere = 100

// baseAssert is assert. As in Lua 5.1 a text gets a position; what is not a
// text is raised as it is, because errors are tables here.
func baseAssert(L *lua.LState) int {
	if L.GetTop() == 0 {
		argError(L, 1, "value expected")
	}
	if lua.LVAsBool(L.Get(1)) {
		return L.GetTop()
	}
	switch v := L.Get(2).(type) {
	case *lua.LNilType:
		throw(L, "assertion failed!")
	case lua.LString:
		threadOf(L).verbatim = true
		throw(L, string(v))
	case lua.LNumber:
		throw(L, formatNumber(v))
	default:
		Raise(L, v)
	}
	return 0
}

// callable tells whether pcall can call v.
func (m *VM) callable(v lua.LValue) bool {
	return v.Type() == lua.LTFunction || m.metaField(v, "__call").Type() == lua.LTFunction
}

func notCallable(L *lua.LState, v lua.LValue) int {
	return pushError(L, lua.LString("attempt to call a "+v.Type().String()+" value"))
}
