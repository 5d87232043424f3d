package vm

import (
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"
)

// Each benchmark runs hardened and stock in one go, for ratios:
//
//	go test -run - -bench . -count 3 ./runtime/internal/vm
var programs = []struct{ name, src string }{
	{"fib", `local function fib(n) if n < 2 then return n end return fib(n-1) + fib(n-2) end fib(20)`},
	{"loop", `local x = 0 for i = 1, 100000 do x = x + i % 7 end`},
	{"build", `local t = {} for i = 1, 5000 do t[#t+1] = "line " .. i .. "\n" end return table.concat(t)`},
	{"concat", `local s = "a" for i = 1, 5000 do local x = s .. i .. ":" .. s end`},
	{"sort", `local t = {} for i = 1, 5000 do t[i] = (i * 7919) % 10007 end table.sort(t)`},
	{"sortcmp", `local t = {} for i = 1, 2000 do t[i] = (i * 7919) % 10007 end table.sort(t, function(a, b) return a > b end)`},
	{"match", `for i = 1, 1000 do local a, b, c, d = ("2024-01-02 key=val"):match("(%d+)-(%d+)-(%d+) (%w+)") end`},
	{"gsub", `local s = ("abc 123 "):rep(100) for i = 1, 10 do s:gsub("%d+", "<%0>") end`},
	{"gsubfn", `local s = ("abc 123 "):rep(100) for i = 1, 10 do s:gsub("%d+", function(x) return x end) end`},
	{"gmatch", `local s = ("abc 123 "):rep(200) for w in s:gmatch("%a+") do end`},
	{"format", `for i = 1, 1000 do local s = string.format("%s %d %5.2f", "x", i, i / 3) end`},
	{"pcall", `local function f() end for i = 1, 10000 do pcall(f) end`},
	{"pcallargs", `local function f(a, b) local t = 0 for i = 1, 10 do t = t + i end return a, b end for i = 1, 5000 do pcall(f, i, i) end`},
	{"caught", `for i = 1, 1000 do pcall(error, "x") end`},
	{"coroutine", `local co = coroutine.wrap(function() while true do coroutine.yield(1) end end) for i = 1, 1000 do co() end`},
	{"table", `local t = {} for i = 1, 20000 do t[i] = i end local s = 0 for i, v in ipairs(t) do s = s + v end for k, v in pairs(t) do s = s + v end`},
	{"calls", `local floor = math.floor for i = 1, 50000 do floor(i / 3) end`},
}

func BenchmarkPrograms(b *testing.B) {
	for _, p := range programs {
		b.Run(p.name+"/hardened", func(b *testing.B) {
			m := New(Limits{})
			proto, err := m.Compile("bench", []byte(p.src))
			if err != nil {
				b.Fatal(err)
			}
			fn := m.Load(proto)
			for b.Loop() {
				if _, err := m.Run(b.Context(), fn); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(p.name+"/stock", func(b *testing.B) {
			L := lua.NewState(lua.Options{RegistrySize: lua.RegistrySize, RegistryMaxSize: 1 << 16}) // table.concat of many items needs it
			defer L.Close()
			fn, err := L.Load(strings.NewReader(p.src), "bench")
			if err != nil {
				b.Fatal(err)
			}
			L.SetContext(b.Context())
			for b.Loop() {
				L.Push(fn)
				if err := L.PCall(0, 0, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		New(Limits{})
	}
}

func BenchmarkCompileThousandLines(b *testing.B) {
	src := []byte(strings.Repeat("local function f(a) if a > 1 then return a .. 'x' end return t.x[a](1, 2) end\n", 150) + strings.Repeat("x = f(1)\n", 850))
	m := New(Limits{})
	b.Run("precheck", func(b *testing.B) {
		for b.Loop() {
			if err := precheck("c", src, 1<<20); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("all", func(b *testing.B) {
		for b.Loop() {
			if _, err := m.Compile("c", src); err != nil {
				b.Fatal(err)
			}
		}
	})
}
