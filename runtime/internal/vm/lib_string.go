package vm

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

func stringFuncs() []fn {
	return []fn{
		{"byte", strByte}, {"char", strChar}, {"find", strFind}, {"format", strFormat},
		{"gfind", strGmatch}, {"gmatch", strGmatch}, {"gsub", strGsub}, {"len", strLen},
		{"lower", strLower}, {"match", strMatch}, {"rep", strRep}, {"reverse", strReverse},
		{"sub", strSub}, {"upper", strUpper},
	}
}

// relative turns a position that may count from the end into one from the start.
func relative(pos, n int) int {
	if pos < 0 {
		pos += n + 1
	}
	return max(pos, 0)
}

func strLen(L *lua.LState) int { return push(L, float64(len(checkString(L, 1)))) }

func strSub(L *lua.LState) int {
	s := checkString(L, 1)
	from := max(relative(checkInt(L, 2), len(s)), 1)
	to := min(relative(optInt(L, 3, -1), len(s)), len(s))
	if from > to {
		L.Push(lua.LString(""))
		return 1
	}
	L.Push(lua.LString(s[from-1 : to]))
	return 1
}

func strByte(L *lua.LState) int {
	s := checkString(L, 1)
	first := optInt(L, 2, 1)
	from := relative(first, len(s))
	to := from
	if L.Get(3) != lua.LNil {
		to = relative(checkInt(L, 3), len(s))
	}
	from, to = max(from, 1), min(to, len(s))
	if from > to {
		return 0
	}
	if to-from >= maxResults {
		throw(L, "string slice too long")
	}
	for i := from - 1; i < to; i++ {
		L.Push(lua.LNumber(s[i]))
	}
	return to - from + 1
}

func strChar(L *lua.LState) int {
	b := make([]byte, L.GetTop())
	for i := range b {
		c := checkInt(L, i+1)
		if c < 0 || c > 255 {
			argError(L, i+1, "invalid value")
		}
		b[i] = byte(c)
	}
	L.Push(lua.LString(b))
	return 1
}

func strRep(L *lua.LState) int {
	s, n := checkString(L, 1), checkInt(L, 2)
	if n <= 0 || s == "" {
		L.Push(lua.LString(""))
		return 1
	}
	t := threadOf(L)
	if n > t.vm.limits.String/len(s) {
		t.fail(L, &LimitError{Name: "string", Limit: int64(t.vm.limits.String), Want: saturate(len(s), n)})
	}
	t.room(L, len(s)*n)
	L.Push(lua.LString(strings.Repeat(s, n)))
	return 1
}

func saturate(a, b int) int64 {
	if f := float64(a) * float64(b); f > 1<<62 {
		return 1 << 62
	}
	return int64(a) * int64(b)
}

func strReverse(L *lua.LState) int {
	return mapBytes(L, func(dst []byte, s string) {
		for i := range dst {
			dst[i] = s[len(s)-1-i]
		}
	})
}

// strUpper and strLower change ASCII letters only, as the C locale does. Upstream
// reads UTF-8 and damages binary data.
func strUpper(L *lua.LState) int {
	return mapBytes(L, func(dst []byte, s string) {
		for i := range dst {
			c := s[i]
			if c >= 'a' && c <= 'z' {
				c -= 32
			}
			dst[i] = c
		}
	})
}

func strLower(L *lua.LState) int {
	return mapBytes(L, func(dst []byte, s string) {
		for i := range dst {
			c := s[i]
			if c >= 'A' && c <= 'Z' {
				c += 32
			}
			dst[i] = c
		}
	})
}

func mapBytes(L *lua.LState, f func(dst []byte, s string)) int {
	s := checkString(L, 1)
	threadOf(L).room(L, len(s))
	dst := make([]byte, len(s))
	f(dst, s)
	L.Push(lua.LString(dst))
	return 1
}

// concat is what ".." is compiled to. It works from the right, so that __concat
// sees what Lua's operator shows it.
func concat(L *lua.LState) int {
	n := L.GetTop()
	for n > 1 {
		from, size := n, 0
		for from >= 1 {
			l, ok := textLen(L.Get(from))
			if !ok {
				break
			}
			size += l
			from--
		}
		if n-from >= 2 {
			joined := join(L, from+1, n, size)
			n = from + 1
			L.SetTop(n)
			L.Replace(n, joined)
			continue
		}
		joined := metaConcat(L, L.Get(n-1), L.Get(n))
		n--
		L.SetTop(n)
		L.Replace(n, joined)
	}
	return 1
}

// textLen is the length of what a value adds to a concatenation.
func textLen(v lua.LValue) (int, bool) {
	switch v := v.(type) {
	case lua.LString:
		return len(v), true
	case lua.LNumber:
		return 24, true // at most
	}
	return 0, false
}

func join(L *lua.LState, from, to, size int) lua.LValue {
	if size > smallAlloc {
		threadOf(L).room(L, size)
	}
	b := make([]byte, 0, size)
	for i := from; i <= to; i++ {
		switch v := L.Get(i).(type) {
		case lua.LString:
			b = append(b, v...)
		case lua.LNumber:
			b = append(b, formatNumber(v)...)
		}
	}
	return lua.LString(b)
}

func metaConcat(L *lua.LState, a, b lua.LValue) lua.LValue {
	m := threadOf(L).vm
	f := m.metaField(a, "__concat")
	if f == lua.LNil {
		f = m.metaField(b, "__concat")
	}
	if f == lua.LNil {
		bad := a
		if _, ok := textLen(a); ok {
			bad = b
		}
		throw(L, "attempt to concatenate a "+bad.Type().String()+" value")
	}
	return call1(L, f, a, b)
}
