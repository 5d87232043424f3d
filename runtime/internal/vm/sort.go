package vm

import (
	"slices"

	lua "github.com/yuin/gopher-lua"
)

// tableSort sorts t[1..#t]. It works on a copy of the items, so a comparator that
// changes the table disturbs nobody, and an inconsistent one cannot make it
// read outside. All numbers or all strings without a comparator sort without
// calling back.
func tableSort(L *lua.LState) int {
	tbl := checkOwn(L, 1)
	n := tbl.Len()
	items := make([]lua.LValue, n)
	for i := range items {
		items[i] = tbl.RawGetInt(i + 1)
	}
	s := &sorter{L: L, t: threadOf(L), top: L.GetTop()}
	if f := L.Get(2); f != lua.LNil {
		s.less = checkFunction(L, 2)
	}
	switch {
	case s.less == nil && allOf[lua.LNumber](items):
		sortPlain[lua.LNumber](s, items)
	case s.less == nil && allOf[lua.LString](items):
		sortPlain[lua.LString](s, items)
	default:
		slices.SortFunc(items, s.compare)
	}
	for i, v := range items {
		tbl.RawSetInt(i+1, v)
	}
	return 0
}

type sorter struct {
	L     *lua.LState
	t     *thread
	less  *lua.LFunction
	top   int
	steps int
}

// tick looks at the scope now and then.
func (s *sorter) tick() {
	if s.steps++; s.steps&1023 == 0 {
		s.t.check()
	}
}

// compare answers "less than 0" or 0: slices.SortFunc asks for no more.
func (s *sorter) compare(a, b lua.LValue) int {
	if s.less == nil {
		if s.tick(); s.L.LessThan(a, b) {
			return -1
		}
		return 0
	}
	L := s.L
	L.Push(s.less)
	L.Push(a)
	L.Push(b)
	L.Call(2, 1)
	v := L.Get(-1)
	L.SetTop(s.top)
	if s.steps++; s.less.IsG && s.steps&1023 == 0 { // Lua code looks by itself
		s.t.check()
	}
	if lua.LVAsBool(v) {
		return -1
	}
	return 0
}

func allOf[T lua.LValue](items []lua.LValue) bool {
	for _, v := range items {
		if _, ok := v.(T); !ok {
			return false
		}
	}
	return true
}

// keyed is a value beside its plain form, so that values need not be boxed anew.
type keyed[T any] struct {
	key   T
	value lua.LValue
}

// sortPlain sorts values of one comparable type.
func sortPlain[T interface {
	lua.LValue
	~float64 | ~string
}](s *sorter, items []lua.LValue) {
	plain := make([]keyed[T], len(items))
	for i, v := range items {
		plain[i] = keyed[T]{v.(T), v}
	}
	slices.SortFunc(plain, func(a, b keyed[T]) int {
		s.tick()
		if a.key < b.key {
			return -1
		}
		if a.key > b.key {
			return 1
		}
		return 0
	})
	for i, v := range plain {
		items[i] = v.value
	}
}
