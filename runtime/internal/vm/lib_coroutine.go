package vm

import (
	"runtime"

	lua "github.com/yuin/gopher-lua"
)

func (m *VM) openCoroutine() *lua.LTable {
	return m.library([]fn{
		{"create", coCreate}, {"resume", coResume}, {"running", coRun},
		{"status", coStatusOf}, {"wrap", coWrap}, {"yield", coYield},
	})
}

// coOf finds the coroutine behind a handle.
func coOf(L *lua.LState, n int) (*coroutine, *lua.LState) {
	if h, ok := L.Get(n).(*lua.LState); ok && h.Env != nil {
		if co, ok := h.Env.Metatable.(*coroutine); ok {
			return co, h
		}
	}
	argError(L, n, "coroutine expected")
	return nil, nil
}

// args copies the arguments from n on.
func args(L *lua.LState, n int) []lua.LValue {
	top := L.GetTop()
	if top < n {
		return nil
	}
	out := make([]lua.LValue, 0, top-n+1)
	for i := n; i <= top; i++ {
		out = append(out, L.Get(i))
	}
	return out
}

func coCreate(L *lua.LState) int {
	L.Push(newCoroutine(L))
	return 1
}

func coResume(L *lua.LState) int {
	co, h := coOf(L, 1)
	out, errv := co.resume(threadOf(L), args(L, 2))
	runtime.KeepAlive(h)
	if errv != nil {
		return pushError(L, errv)
	}
	L.Push(lua.LTrue)
	for _, v := range out {
		L.Push(v)
	}
	return len(out) + 1
}

func coWrap(L *lua.LState) int {
	h := newCoroutine(L)
	co := h.Env.Metatable.(*coroutine)
	L.Push(L.NewFunction(func(L *lua.LState) int {
		out, errv := co.resume(threadOf(L), args(L, 1))
		runtime.KeepAlive(h)
		if errv != nil {
			Raise(L, errv)
		}
		for _, v := range out {
			L.Push(v)
		}
		return len(out)
	}))
	return 1
}

func coYield(L *lua.LState) int {
	co := threadOf(L).co
	if co == nil {
		Raise(L, lua.LString("attempt to yield from outside a coroutine"))
		return 0
	}
	co.values = args(L, 1)
	if !co.yield(struct{}{}) {
		panic(killed{})
	}
	in := co.values
	co.values = nil
	for _, v := range in {
		L.Push(v)
	}
	return len(in)
}

func coRun(L *lua.LState) int {
	co := threadOf(L).co
	if co == nil {
		L.Push(lua.LNil)
		return 1
	}
	if h := co.handle.Value(); h != nil {
		L.Push(h)
	} else {
		L.Push(lua.LNil)
	}
	return 1
}

func coStatusOf(L *lua.LState) int {
	co, _ := coOf(L, 1)
	L.Push(lua.LString(co.status.String()))
	return 1
}
