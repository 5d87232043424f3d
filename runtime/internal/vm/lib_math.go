package vm

import (
	"math"
	"math/rand/v2"

	lua "github.com/yuin/gopher-lua"
)

func (m *VM) openMath() *lua.LTable {
	t := m.library([]fn{
		{"fmod", func(L *lua.LState) int { return push(L, math.Mod(checkNumber(L, 1), checkNumber(L, 2))) }},
		{"mod", func(L *lua.LState) int { return push(L, math.Mod(checkNumber(L, 1), checkNumber(L, 2))) }},
		{"atan2", func(L *lua.LState) int { return push(L, math.Atan2(checkNumber(L, 1), checkNumber(L, 2))) }},
		{"pow", func(L *lua.LState) int { return push(L, math.Pow(checkNumber(L, 1), checkNumber(L, 2))) }},
		{"deg", func(L *lua.LState) int { return push(L, checkNumber(L, 1)/(math.Pi/180)) }},
		{"rad", func(L *lua.LState) int { return push(L, checkNumber(L, 1)*(math.Pi/180)) }},
		{"frexp", mathFrexp}, {"ldexp", mathLdexp}, {"modf", mathModf},
		{"max", mathMax}, {"min", mathMin},
		{"random", m.mathRandom}, {"randomseed", m.mathRandomseed},
	})
	for _, f := range []struct {
		name string
		f    func(float64) float64
	}{
		{"abs", math.Abs}, {"acos", math.Acos}, {"asin", math.Asin}, {"atan", math.Atan},
		{"ceil", math.Ceil}, {"cos", math.Cos}, {"cosh", math.Cosh}, {"exp", math.Exp},
		{"floor", math.Floor}, {"log", math.Log}, {"log10", math.Log10}, {"sin", math.Sin},
		{"sinh", math.Sinh}, {"sqrt", math.Sqrt}, {"tan", math.Tan}, {"tanh", math.Tanh},
	} {
		t.RawSetString(f.name, m.base.NewFunction(func(L *lua.LState) int {
			return push(L, f.f(checkNumber(L, 1)))
		}))
	}
	t.RawSetString("pi", lua.LNumber(math.Pi))
	t.RawSetString("huge", lua.LNumber(math.Inf(1)))
	m.mixed = rand.Uint64()
	return t
}

func push(L *lua.LState, f float64) int {
	L.Push(lua.LNumber(f))
	return 1
}

func mathFrexp(L *lua.LState) int {
	f, e := math.Frexp(checkNumber(L, 1))
	L.Push(lua.LNumber(f))
	L.Push(lua.LNumber(e))
	return 2
}

func mathLdexp(L *lua.LState) int { return push(L, math.Ldexp(checkNumber(L, 1), checkInt(L, 2))) }

func mathModf(L *lua.LState) int {
	f := checkNumber(L, 1)
	if math.IsInf(f, 0) {
		L.Push(lua.LNumber(f))
		L.Push(lua.LNumber(0))
		return 2
	}
	i, frac := math.Modf(f)
	L.Push(lua.LNumber(i))
	L.Push(lua.LNumber(frac))
	return 2
}

func mathMax(L *lua.LState) int {
	best := checkNumber(L, 1)
	for i := 2; i <= L.GetTop(); i++ {
		if f := checkNumber(L, i); f > best {
			best = f
		}
	}
	return push(L, best)
}

func mathMin(L *lua.LState) int {
	best := checkNumber(L, 1)
	for i := 2; i <= L.GetTop(); i++ {
		if f := checkNumber(L, i); f < best {
			best = f
		}
	}
	return push(L, best)
}

// next64 is splitmix64: small, and each machine has its own sequence.
func (m *VM) next64() uint64 {
	m.mixed += 0x9e3779b97f4a7c15
	z := m.mixed
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (m *VM) mathRandom(L *lua.LState) int {
	r := float64(m.next64()>>11) / (1 << 53)
	lo, hi := 1.0, 0.0
	switch L.GetTop() {
	case 0:
		return push(L, r)
	case 1:
		hi = math.Floor(checkNumber(L, 1))
	case 2:
		lo, hi = math.Floor(checkNumber(L, 1)), math.Floor(checkNumber(L, 2))
	default:
		throw(L, "wrong number of arguments")
	}
	if !(lo <= hi) {
		argError(L, L.GetTop(), "interval is empty")
	}
	return push(L, math.Floor(r*(hi-lo+1))+lo)
}

func (m *VM) mathRandomseed(L *lua.LState) int {
	m.mixed = math.Float64bits(checkNumber(L, 1))
	return 0
}
