package hostile

import (
	"strconv"
	"strings"
)

// sources are scripts whose text itself is the attack, one pattern
// repeated.
func sources() []Script {
	rep := strings.Repeat
	var out []Script
	add := func(name, src string) {
		out = append(out, Script{Name: name, Expect: Error, Attacks: "the compiler, by the length or depth of the source", Text: src})
	}
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
			b.WriteString("local v" + string(rune('a'+f)) + strconv.Itoa(i) + " = 1\n")
		}
		b.WriteString("local function f" + strconv.Itoa(f) + "()\n")
	}
	b.WriteString("return function() return 0")
	for f := range 2 {
		for i := range 150 {
			b.WriteString("+ v" + string(rune('a'+f)) + strconv.Itoa(i))
		}
	}
	return b.String() + " end end end"
}
