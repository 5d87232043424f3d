package vm

import (
	lua "github.com/yuin/gopher-lua"
)

func tableFuncs() []fn {
	return []fn{
		{"concat", tableConcat}, {"foreach", tableForeach}, {"foreachi", tableForeachi},
		{"getn", tableGetn}, {"insert", tableInsert}, {"maxn", tableMaxn},
		{"remove", tableRemove}, {"sort", tableSort},
	}
}

func tableGetn(L *lua.LState) int {
	L.Push(lua.LNumber(checkTable(L, 1).Len()))
	return 1
}

// tableMaxn looks at all keys, as Lua does; they may be fractions.
func tableMaxn(L *lua.LState) int {
	best := lua.LNumber(0)
	checkTable(L, 1).ForEach(func(k, _ lua.LValue) {
		if n, ok := k.(lua.LNumber); ok && n > best {
			best = n
		}
	})
	L.Push(best)
	return 1
}

func tableConcat(L *lua.LState) int {
	tbl := checkTable(L, 1)
	sep := optString(L, 2, "")
	from, to := optInt(L, 3, 1), 0
	if L.Get(4) == lua.LNil {
		to = tbl.Len()
	} else {
		to = checkInt(L, 4)
	}
	size := concatSize(L, tbl, len(sep), from, to)
	t := threadOf(L)
	t.room(L, size)
	buf := make([]byte, 0, size)
	for i := from; i <= to; i++ {
		if i > from {
			buf = append(buf, sep...)
		}
		switch v := rawInt(tbl, i).(type) {
		case lua.LString:
			buf = append(buf, v...)
		case lua.LNumber:
			buf = append(buf, formatNumber(v)...)
		}
	}
	L.Push(lua.LString(buf))
	return 1
}

// concatSize checks the items and adds up their sizes, before anything is
// allocated.
func concatSize(L *lua.LState, tbl *lua.LTable, sep, from, to int) int {
	t := threadOf(L)
	size := 0
	for i := from; i <= to; i++ {
		switch v := rawInt(tbl, i).(type) {
		case lua.LString:
			size += len(v)
		case lua.LNumber:
			size += len(formatNumber(v))
		default:
			Raisef(L, "invalid value (%s) at index %d in table for 'concat'", v.Type(), i)
		}
		if i < to {
			size += sep
		}
		if i&1023 == 0 {
			t.check()
			t.room(L, size)
		}
	}
	return size
}

// rawInt reads t[i] also beyond the array part.
func rawInt(t *lua.LTable, i int) lua.LValue {
	if i >= 1 && i < maxArray {
		return t.RawGetInt(i)
	}
	return t.RawGet(lua.LNumber(i))
}

func tableInsert(L *lua.LState) int {
	t := checkOwn(L, 1)
	n := t.Len()
	switch L.GetTop() {
	case 2:
		t.RawSetInt(n+1, L.Get(2))
	case 3:
		pos := checkInt(L, 2)
		v := L.Get(3)
		if pos < 1 || pos > n {
			setInt(t, pos, v)
			return 0
		}
		t.Insert(pos, v)
	default:
		throw(L, "wrong number of arguments to 'insert'")
	}
	return 0
}

// setInt sets t[i], beyond the array part as a hash key.
func setInt(t *lua.LTable, i int, v lua.LValue) {
	if i >= 1 && i < maxArray {
		t.RawSetInt(i, v)
		return
	}
	t.RawSetH(lua.LNumber(i), v)
}

func tableRemove(L *lua.LState) int {
	t := checkOwn(L, 1)
	n := t.Len()
	pos := optInt(L, 2, n)
	if pos < 1 || pos > n {
		return 0
	}
	// Trailing nils behind the border would make upstream's Remove take the wrong one.
	v := t.RawGetInt(pos)
	if pos == n {
		t.RawSetInt(n, lua.LNil)
	} else {
		t.Remove(pos)
	}
	L.Push(v)
	return 1
}

func tableForeach(L *lua.LState) int {
	t, f := checkTable(L, 1), checkFunction(L, 2)
	var k, v lua.LValue = lua.LNil, lua.LNil
	for {
		if k, v = t.Next(k); k == lua.LNil {
			return 0
		}
		if r := call1(L, f, k, v); r != lua.LNil {
			L.Push(r)
			return 1
		}
	}
}

func tableForeachi(L *lua.LState) int {
	t, f := checkTable(L, 1), checkFunction(L, 2)
	for i := 1; i <= t.Len(); i++ {
		if r := call1(L, f, lua.LNumber(i), t.RawGetInt(i)); r != lua.LNil {
			L.Push(r)
			return 1
		}
	}
	return 0
}

// call1 calls f on the running stack and takes one result. Errors pass through.
func call1(L *lua.LState, f lua.LValue, args ...lua.LValue) lua.LValue {
	threadOf(L).check()
	L.Push(f)
	for _, a := range args {
		L.Push(a)
	}
	L.Call(len(args), 1)
	v := L.Get(-1)
	L.Pop(1)
	return v
}
