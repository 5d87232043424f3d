package vm

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// hostileCase is one script that must not get through. expect is what a correct
// host does with it: timeout, memory, denied, error or ok. Ending it earlier
// with an ordinary error is always right.
type hostileCase struct{ name, expect, src string }

var expectLine = regexp.MustCompile(`(?m)^-- expect: (\w+)`)

// hostileFiles reads the scripts of testdata.
func hostileFiles(t *testing.T) []hostileCase {
	files, err := filepath.Glob("testdata/hostile/*.lua")
	if err != nil || len(files) < 60 {
		t.Fatalf("found %d hostile scripts: %v", len(files), err)
	}
	var out []hostileCase
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		m := expectLine.FindSubmatch(src)
		if m == nil {
			t.Fatalf("%s: no expect line", f)
		}
		out = append(out, hostileCase{filepath.Base(f), string(m[1]), string(src)})
	}
	return out
}

// hostileSources are scripts whose text itself is the attack, one pattern
// repeated.
func hostileSources() []hostileCase {
	rep := strings.Repeat
	var out []hostileCase
	add := func(name, src string) { out = append(out, hostileCase{name, "error", src}) }
	add("p02_unary", "return "+rep("not ", 100_000)+"1")
	add("p03_tables", "return "+rep("{", 200_000)+rep("}", 200_000))
	add("p05_concat_chain", `local a = "x" return a`+rep("..a", 130_000))
	add("p06_index_chain", "local a = {} return a"+rep(".b", 200_000))
	add("p07_call_chain", "local function f() return f end return f"+rep("()", 200_000))
	add("p09_long_source", "local t = {\n"+rep("\"0123456789abcdef\",\n", 210_000)+"}")
	add("p11_unclosed", "return [==["+rep("x]]", 170_000))
	add("p13_ops_chain", "return 1"+rep("+1", 400_000))
	add("p14_pow_chain", "return 2"+rep("^2", 200_000))
	add("p16_nested_chains", "return "+rep("(", 180)+"1"+rep(rep("+1", 1500)+")", 180))
	add("p17_functions", rep("return function() ", 50_000)+rep(" end", 50_000))
	add("p18_blocks", rep("do ", 100_000)+rep("end ", 100_000))
	add("p19_elseif", "local x = 1 if x == 0 then "+rep("elseif x == 2 then ", 30_000)+"end")
	add("p20_minus", "return "+rep("- ", 300_000)+"1")
	add("p21_hash", "return "+rep("#", 300_000)+"x")
	add("p22_string_calls", "return f"+rep(`""`, 300_000))
	add("p23_table_calls", "return f"+rep(`{}`, 300_000))
	add("p24_index_brackets", "return f"+rep(`[1]`, 300_000))
	add("p25_open_calls", "return "+rep("f(", 300_000))
	add("p26_or_chain", "return x"+rep(" or x", 150_000))
	add("p27_methods", "return x"+rep(":y()", 150_000))
	add("p28_compare", "return x"+rep("==x", 250_000))
	add("p29_locals", rep("local a = 1\n", 300))
	add("p30_upvalues", manyUpvalues())
	add("p31_params", "return function("+rep("a,", 400)+"b) end")
	add("p32_args", "return f("+rep("1,", 400)+"1)")
	add("p33_gotos", rep("goto a ", 100_000)+"::a::")
	add("p34_unary_in_args", "return "+rep("f(-", 100_000))
	add("p35_newlines_in_string", "return \""+rep("\n", 500_000))
	add("p36_equals_bracket", "return ["+rep("=", 900_000))
	add("p37_deep_elseif_chain", rep("if x then elseif y then ", 40_000))
	return out
}

// manyUpvalues is a function with 300 upvalues: more than fit into a byte.
func manyUpvalues() string {
	var b strings.Builder
	for f := range 2 {
		for i := range 150 {
			b.WriteString("local v" + string(rune('a'+f)) + itoa(i) + " = 1\n")
		}
		b.WriteString("local function f" + itoa(f) + "()\n")
	}
	b.WriteString("return function() return 0")
	for f := range 2 {
		for i := range 150 {
			b.WriteString("+ v" + string(rune('a'+f)) + itoa(i))
		}
	}
	return b.String() + " end end end"
}

func itoa(i int) string { return strconv.Itoa(i) }

// hostileInline are further scripts, beside the shared corpus.
func hostileInline() []hostileCase {
	return []hostileCase{
		{"x01_yield_flood", "timeout", `local co = coroutine.wrap(function() while true do coroutine.yield() end end) while true do co() end`},
		{"x02_self_resume", "error", `local co co = coroutine.create(function() return coroutine.resume(co) end) print(coroutine.resume(co)) error'done'`},
		{"x03_cross_resume", "error", `local a, b a = coroutine.create(function() return coroutine.resume(b) end)
			b = coroutine.create(function() return coroutine.resume(a) end) print(coroutine.resume(a)) error'done'`},
		{"x04_kept_coroutines", "error", `local t = {} while true do local co = coroutine.create(function() coroutine.yield() end) coroutine.resume(co) t[#t+1] = co end`},
		{"x05_self_kept", "error", `while true do local co co = coroutine.create(function() local me = co coroutine.yield() return me end) coroutine.resume(co) end`},
		{"x06_sort_yield", "timeout", `coroutine.wrap(function() table.sort({3,2,1}, function(a,b) coroutine.yield() return a<b end) end)() while true do end`},
		{"x07_pcall_yield_swallow", "timeout", `local co = coroutine.wrap(function() while true do pcall(coroutine.yield) end end) while true do co() end`},
		{"x08_tail_into_overflow", "error", `local t = {} for i=1,250 do t[i]=i end local function f(...) return f(1, ...) end f(unpack(t))`},
		{"x09_tostring_bomb", "error", `local t = setmetatable({}, {__tostring = function(s) return tostring(s) end}) print(tostring(t))`},
		{"x10_concat_meta", "timeout", `local t = setmetatable({}, {__concat = function(a, b) while true do end end}) local _ = t .. "x"`},
		{"x11_lt_meta", "timeout", `local mt = {__lt = function() while true do end end} local a, b = setmetatable({}, mt), setmetatable({}, mt) return a < b`},
		{"x12_iter", "timeout", `for _ in function() return 1 end do end`},
		{"x13_gsub_table_meta", "timeout", `("x"):rep(10):gsub(".", setmetatable({}, {__index = function() while true do end end}))`},
		{"x14_gsub_grow", "error", `local s = ("x"):rep(1e6) s = s:gsub("x", ("y"):rep(1000)) print("ESCAPED", #s)`},
		{"x15_format_q", "error", `local s = ("\0"):rep(16000000) print("ESCAPED", #string.format("%q", s))`},
		{"x16_concat_keys", "error", `local t = {} local k = ("k"):rep(1e6) while true do k = k .. "x" t[k] = 1 end`},
		{"x17_pcall_nest", "error", `local function f() local ok, e = pcall(f) error(e) end f()`},
		{"x18_xpcall_nest", "timeout", `local function h() xpcall(error, h) end while true do xpcall(error, h) end`},
		{"x19_meta_pcall_product", "timeout", `local function nest(d) local t = setmetatable({}, {__index = function(t, k) if k > 180 then pcall(nest, d + 1) return 1 end return t[k+1] end}) return t[1] end while true do pcall(nest, 0) end`},
		{"x20_abort_in_handler", "timeout", `while true do xpcall(function() while true do end end, function() while true do end end) end`},
		{"x21_error_tostring", "timeout", `error(setmetatable({}, {__tostring = function() while true do end end}))`},
		{"x22_next_loop", "timeout", `local t = {} for i = 1, 300000 do t["k"..i] = i end while true do for k in pairs(t) do t[k] = nil end for i = 1, 1000 do next(t) end end`},
		{"x23_match_long_set", "timeout", `local p = "[" .. ("a"):rep(500000) .. "]*b" local s = ("z"):rep(500000) while true do s:match(p) end`},
		{"x24_backref", "timeout", `local s = ("a"):rep(200000) while true do s:match("(a*)%1b") end`},
		{"x25_frontier", "timeout", `local s = ("a b "):rep(200000) while true do s:gsub("%f[%w]%w+%f[%W].-$x", "") end`},
		{"x26_table_concat_numbers", "timeout", `local t = {} for i = 1, 1e6 do t[i] = 0.1 end while true do table.concat(t, ",") end`},
		{"x27_unpack_deep", "error", `local t = {} for i = 1, 30000 do t[i] = i end local function f(...) return 1 + f(...) end f(unpack(t))`},
		{"x28_sealed_string", "ok", `string.upper = function() return "pwn" end print(("x"):upper() == "X" and "OK" or "ESCAPED")`},
		{"x29_rawset_string_methods", "ok", `print(pcall(rawset, getmetatable("").__index, "upper", 1) and "ESCAPED" or "OK")`},
		{"x30_setmetatable_types", "ok", `for _, v in ipairs{1, "x", true, print} do if pcall(setmetatable, v, {}) then print"ESCAPED" end end print"OK"`},
		{"x31_no_loaders", "ok", `for _, n in ipairs{"io","package","load","loadstring","dofile","loadfile","setfenv","getfenv","newproxy","collectgarbage","module","require","channel"} do if _G[n] ~= nil then print("ESCAPED", n) end end
			for _, n in ipairs{"execute","exit","remove","rename","getenv","setenv","tmpname","setlocale"} do if os[n] ~= nil then print("ESCAPED", n) end end
			for k in pairs(debug) do if k ~= "traceback" then print("ESCAPED", k) end end if string.dump then print"ESCAPED" end print"OK"`},
		{"x32_thread_env", "ok", `local co = coroutine.create(print) print(getmetatable(co) == nil and not pcall(function() return co.x end) and "OK" or "ESCAPED")`},
		{"x33_huge_for", "timeout", `for i = 1, 1e18 do end`},
		{"x34_string_keys_hash", "timeout", `local t = {} local s = ("x"):rep(8e6) while true do local k = s .. "a" t[k] = nil end`},
		{"x35_insert_front", "timeout", `local t = {} for i = 1, 2e6 do table.insert(t, 1, i) end`},
		{"x36_remove_front", "timeout", `local t = {} for i = 1, 1e6 do t[i] = i end while true do table.insert(t, 1, table.remove(t, 1)) end`},
		{"x37_long_error", "error", `error(("x"):rep(15e6))`},
		{"x38_traceback_flood", "timeout", `local function f(n) if n == 0 then while true do debug.traceback() end end return 1 + f(n - 1) end f(5000)`},
		{"x39_select_flood", "timeout", `local function f(...) for i = 1, select('#', ...) do select(i, ...) end end local t = {} for i = 1, 20000 do t[i] = i end while true do f(unpack(t)) end`},
		{"x40_date_flood", "error", `print("ESCAPED", #os.date(("%c"):rep(1e6)))`},
		{"x41_mem_strings", "error", `local t = {} while true do t[#t + 1] = ("x"):rep(1e6) .. #t end`},
		{"x42_mem_small_strings", "error", `local t = {} local i = 0 while true do i = i + 1 t[i] = "string number " .. i end`},
		{"x43_mem_hash", "error", `local t = {} local i = 0 while true do i = i + 1 t[i + 0.5] = i end`},
		{"x44_mem_doubling_tables", "error", `local t = {} while true do t = {t, t, {}, {}, {}, {}, {}, {}} end`},
		{"x45_getmetatable_loop", "ok", `local mt = {} mt.__index = mt setmetatable(mt, mt) print(pcall(function() return mt.x end) and "ESCAPED" or "OK")`},
	}
}
