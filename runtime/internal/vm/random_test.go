package vm

import (
	"fmt"
	"math/rand/v2"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// gen writes random programs that end: they assign, compare, call, loop a few
// times, and print their variables. Errors are part of the game.
type gen struct {
	r     *rand.Rand
	b     strings.Builder
	depth int
}

func (g *gen) pick(s ...string) string { return s[g.r.IntN(len(s))] }

func (g *gen) expr(d int) string {
	if d <= 0 {
		return g.pick("a", "b", "c", "t.x", "t[1]", "1", "2", "3.5", `"s"`, `"7"`, "nil", "true", "false", "g", "#t", "t.y")
	}
	e := func() string { return g.expr(d - 1 - g.r.IntN(2)) }
	switch g.r.IntN(17) {
	case 0, 1:
		return e() + " .. " + e()
	case 2:
		return e() + g.pick(" and ", " or ") + e()
	case 3:
		return "not " + e()
	case 4:
		return e() + g.pick("==", "~=") + e()
	case 5:
		return "(" + e() + ")"
	case 6:
		return "f(" + e() + "," + e() + ")"
	case 7:
		return "(f(" + e() + "," + e() + "))"
	case 8:
		return "v(" + e() + "," + e() + ")"
	case 9:
		return "tostring(" + e() + ")"
	case 10:
		return "num(" + e() + ")" + g.pick("+", "-", "*", "%") + "num(" + e() + ")"
	case 11:
		return "num(" + e() + ")" + g.pick("<", "<=", ">", ">=") + "num(" + e() + ")"
	case 12:
		return "select('#'," + e() + "," + "v(" + e() + "))"
	case 13:
		return "(function(...) local x, y = ... " + g.pick("return x", "return y, x", "a = x return b", "return ...") + " end)(" + e() + "," + e() + ")"
	case 14:
		return "({" + e() + "," + e() + ",x=" + e() + "})" + g.pick("[1]", "[2]", ".x")
	case 15:
		return "-num(" + e() + ")"
	}
	return g.expr(0)
}

// arith is over numbers only.
func (g *gen) arith(d int) string {
	if d == 0 {
		return g.pick("a", "b", "2", "3", "0.5", "num(c)", "(num(t.x))")
	}
	switch g.r.IntN(4) {
	case 0:
		return "-" + g.arith(d-1)
	case 1:
		return "(" + g.arith(d-1) + ")"
	}
	return g.arith(d-1) + g.pick(" + ", " - ", " * ", " + ") + g.arith(d-1)
}

func (g *gen) target() string {
	return g.pick("a", "b", "c", "g", "t.x", "t.y", "t[1]", "t[a and 1 or f and 1]")
}

func (g *gen) list(n int, f func() string) string {
	out := make([]string, n)
	for i := range out {
		out[i] = f()
	}
	return strings.Join(out, ", ")
}

func (g *gen) stmt() {
	g.depth++
	defer func() { g.depth-- }()
	x := func() string { return g.expr(g.r.IntN(3)) }
	kind := g.r.IntN(16)
	if g.depth > 3 {
		kind %= 6
	}
	switch kind {
	case 0, 1:
		fmt.Fprintf(&g.b, "%s = %s\n", g.target(), x())
	case 2, 3:
		fmt.Fprintf(&g.b, "%s = %s\n", g.list(1+g.r.IntN(3), g.target), g.list(1+g.r.IntN(3), x))
	case 4:
		fmt.Fprintf(&g.b, "local %s = %s\n", g.pick("a", "b", "c", "a, b", "b, c, a"), g.list(1+g.r.IntN(3), x))
	case 5:
		fmt.Fprintf(&g.b, "io_(%s)\n", g.list(1+g.r.IntN(2), x))
	case 6:
		g.block("if "+x()+" then", g.pick("end", "else", "elseif "+x()+" then"))
	case 7:
		fmt.Fprintf(&g.b, "for i = 1, %d do\n", 1+g.r.IntN(3))
		g.stmts(2)
		g.b.WriteString(g.pick("", "if "+x()+" then break end\n") + "end\n")
	case 8:
		g.block("do", "end")
	case 9:
		fmt.Fprintf(&g.b, "local function h(%s)\n", g.pick("a", "a, b", "...", "c, ..."))
		g.stmts(2)
		fmt.Fprintf(&g.b, "do return %s end end\nio_(h(%s))\n", g.list(1+g.r.IntN(2), x), g.list(2, x))
	case 10:
		fmt.Fprintf(&g.b, "io_(pcall(function()\n")
		g.stmts(2)
		fmt.Fprintf(&g.b, "%s\nend))\n", g.pick("error('e', 0)", "return "+x(), "error(nil)"))
	case 11:
		fmt.Fprintf(&g.b, "do local n = 0 repeat n = n + 1 local z = %s\n", x())
		g.stmts(1)
		g.b.WriteString("until n > 2 or z end\n")
	case 12:
		fmt.Fprintf(&g.b, "do local w = coroutine.wrap(function(...) local p = coroutine.yield(%s) a = p return %s end) io_(w(%s)) io_(w(%s)) end\n", x(), x(), x(), x())
	case 14:
		fmt.Fprintf(&g.b, "do local t = {x=t.x, 1, y={x=a}} t = {t.x, t[1], y=t.y, x=%s} t = t.y and t t.x = %s io_(t.x, t.y, t[1], t[2]) end\n", x(), x())
	case 15:
		fmt.Fprintf(&g.b, "do local a, b = num(a), num(b) a = %s b = %s a = %s io_(a, b) end\n", g.arith(3), g.arith(2), g.arith(3))
	case 13:
		fmt.Fprintf(&g.b, "for k, w in ipairs({%s}) do b = w\n", g.list(3, x))
		g.stmts(1)
		g.b.WriteString("end\n")
	}
}

func (g *gen) block(open, mid string) {
	g.b.WriteString(open + "\n")
	g.stmts(2)
	if mid != "end" {
		g.b.WriteString(mid + "\n")
		g.stmts(1)
	}
	g.b.WriteString("end\n")
}

func (g *gen) stmts(n int) {
	for range 1 + g.r.IntN(n) {
		g.stmt()
	}
}

// program is one random program; what it prints of errors is the type only, since
// texts differ on purpose.
func program(seed uint64) string {
	g := &gen{r: rand.New(rand.NewPCG(seed, 51))}
	g.stmts(6)
	return `local out = {}
local function show(x) if type(x) == "string" and x:find("attempt to ", 1, true) then return "E" end
 if type(x) == "table" or type(x) == "function" then return type(x) end return (tostring(x):gsub("^%-nan", "nan"):gsub("0x%x+", ""):gsub("^%-0$", "0")) end
local function io_(...) for i = 1, select("#", ...) do out[#out + 1] = show((select(i, ...))) end end
local function num(x) return type(x) == "number" and x == x and math.abs(x) < 1e6 and x or 1 end
local a, b, c, t = 1, "two", nil, {x = 5, 6}
g = "G"
local function f(x, y) x = (tostring(x)) return x, y end
local function v(...) local q = ... return ..., q end
local ok = pcall(function()
` + g.b.String() + `end)
if not ok then out[#out + 1] = "failed" end
io_(a, b, c, g, t.x, t.y, t[1])
print((table.concat(out, "|"):gsub("[\n\r]", " ")))
`
}

// TestRandomPrograms compares random programs with a lua5.1 on PATH. Failures print
// the seed and the program. LUA51_SEEDS sets how many are tried.
func TestRandomPrograms(t *testing.T) {
	path, err := osexec.LookPath("lua5.1")
	if err != nil {
		t.Skip("no lua5.1 on PATH")
	}
	n := 300
	if s := os.Getenv("LUA51_SEEDS"); s != "" {
		n, _ = strconv.Atoi(s)
	}
	dir := t.TempDir()
	for i := range n {
		name := filepath.Join(dir, fmt.Sprintf("%d.lua", i))
		if err := os.WriteFile(name, []byte(program(uint64(i))), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	driver := fmt.Sprintf(`for i = 0, %d do local f = loadfile(%q .. i .. ".lua")
	if not f then print("syntax") elseif not pcall(f) then print("died") end end`, n-1, dir+"/")
	cmd := osexec.CommandContext(timeoutContext(t, 5*time.Minute), path, "-")
	cmd.Stdin = strings.NewReader(driver)
	raw, err := cmd.Output()
	if err != nil {
		t.Fatalf("lua5.1: %v\n%s", err, raw[max(0, len(raw)-300):])
	}
	want := strings.Split(string(raw), "\n")
	bad := 0
	for i := range n {
		got, err := eval(t, Limits{}, 10*time.Second, program(uint64(i)))
		if _, ok := err.(*SyntaxError); ok {
			got = "syntax\n"
		} else if err != nil {
			got = "died\n"
		}
		if got != want[i]+"\n" {
			if bad++; bad < 4 {
				t.Errorf("seed %d\n got %swant %s\n%s", i, got, want[i], program(uint64(i)))
			}
		}
	}
	t.Logf("%d programs, %d differ", n, bad)
}
