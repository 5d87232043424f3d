package vm

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// strFormat is string.format by the rules of C's printf as Lua 5.1 lets them
// through. One thing is taken from Lua 5.2: %s prints any value as tostring does,
// because errors are tables here and must go into a message as they are.
func strFormat(L *lua.LState) int {
	f := &formatter{L: L, t: threadOf(L), format: checkString(L, 1), arg: 1}
	f.run()
	L.Push(lua.LString(f.out))
	return 1
}

type formatter struct {
	L      *lua.LState
	t      *thread
	format string
	arg    int
	out    []byte
}

// spec is one conversion.
type spec struct {
	minus, plus, space, alt, zero bool
	width, prec                   int // prec -1: not given
	verb                          byte
}

func (f *formatter) run() {
	s := f.format
	for {
		i := strings.IndexByte(s, '%')
		if i < 0 {
			f.add(s)
			return
		}
		f.add(s[:i])
		if s = s[i+1:]; s == "" {
			f.fail("invalid option '%' to 'format'")
		}
		if s[0] == '%' {
			f.add("%")
			s = s[1:]
			continue
		}
		var sp spec
		sp, s = f.parse(s)
		f.arg++
		f.convert(sp)
	}
}

func (f *formatter) fail(msg string) { Raise(f.L, lua.LString(where(f.L, 1)+msg)) }

func (f *formatter) add(s string) {
	if len(f.out)+len(s) > smallAlloc {
		f.t.room(f.L, len(f.out)+len(s))
	}
	f.out = append(f.out, s...)
}

// parse reads flags, width, precision and verb.
func (f *formatter) parse(s string) (spec, string) {
	sp := spec{prec: -1}
	i := 0
	for ; i < len(s) && strings.IndexByte("-+ #0", s[i]) >= 0; i++ {
		switch s[i] {
		case '-':
			sp.minus = true
		case '+':
			sp.plus = true
		case ' ':
			sp.space = true
		case '#':
			sp.alt = true
		case '0':
			sp.zero = true
		}
	}
	if i > 5 {
		f.fail("invalid format (repeated flags)")
	}
	sp.width, i = f.digits(s, i, 0)
	if i < len(s) && s[i] == '.' {
		sp.prec, i = f.digits(s, i+1, 0)
	}
	if i >= len(s) {
		f.fail("invalid option '%' to 'format'")
	}
	sp.verb = s[i]
	return sp, s[i+1:]
}

// digits reads up to two digits, as Lua does.
func (f *formatter) digits(s string, i, n int) (int, int) {
	for k := 0; i < len(s) && s[i] >= '0' && s[i] <= '9'; i, k = i+1, k+1 {
		if k == 2 {
			f.fail("invalid format (width or precision too long)")
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, i
}

func (f *formatter) convert(sp spec) {
	L, n := f.L, f.arg
	if n > L.GetTop() {
		argError(L, n, "no value")
	}
	switch sp.verb {
	case 'd', 'i':
		f.integer(sp, checkNumber(L, n))
	case 'u':
		f.pad(sp, strconv.FormatUint(uint64(toInt(checkNumber(L, n))), 10), "")
	case 'o', 'x', 'X':
		sp.plus, sp.space = false, false
		f.out = fmt.Appendf(f.out, sp.goFormat(sp.verb), uint64(toInt(checkNumber(L, n))))
	case 'c':
		f.padText(sp, string([]byte{byte(checkInt(L, n))}))
	case 'e', 'E', 'f', 'F', 'g', 'G':
		f.float(sp, checkNumber(L, n))
	case 's':
		s := toString(L, checkAny(L, n))
		if sp.prec >= 0 && sp.prec < len(s) {
			s = s[:sp.prec]
		}
		f.padText(sp, s)
	case 'q':
		f.quote(checkString(L, n))
	default:
		f.fail("invalid option '%" + string(rune(sp.verb)) + "' to 'format'")
	}
}

// goFormat is the same conversion for fmt, whose rules for integers are C's.
func (sp spec) goFormat(verb byte) string {
	b := []byte{'%'}
	for _, fl := range []struct {
		on bool
		c  byte
	}{{sp.minus, '-'}, {sp.plus, '+'}, {sp.space, ' '}, {sp.alt, '#'}, {sp.zero, '0'}} {
		if fl.on {
			b = append(b, fl.c)
		}
	}
	if sp.width > 0 {
		b = strconv.AppendInt(b, int64(sp.width), 10)
	}
	if sp.prec >= 0 {
		b = append(b, '.')
		b = strconv.AppendInt(b, int64(sp.prec), 10)
	}
	return string(append(b, verb))
}

func (f *formatter) integer(sp spec, v float64) {
	n := toInt(v)
	if v >= math.MaxInt64 || v != v {
		n = math.MinInt64 // what the conversion instruction of amd64 gives
	}
	if sp == (spec{prec: -1, verb: sp.verb}) {
		f.out = strconv.AppendInt(f.out, int64(n), 10)
		return
	}
	f.out = fmt.Appendf(f.out, sp.goFormat('d'), n)
}

func (f *formatter) float(sp spec, v float64) {
	if math.IsInf(v, 0) || v != v {
		f.nonFinite(sp, v)
		return
	}
	if sp.prec < 0 {
		sp.prec = 6
	}
	verb := sp.verb
	if (verb == 'g' || verb == 'G') && sp.prec == 0 {
		sp.prec = 1
	}
	if sp == (spec{prec: sp.prec, verb: verb}) && verb != 'F' {
		f.out = strconv.AppendFloat(f.out, v, verb, sp.prec, 64)
		return
	}
	f.out = fmt.Appendf(f.out, sp.goFormat(verb), v)
}

func (f *formatter) nonFinite(sp spec, v float64) {
	s := nonFinite(v)
	if !math.Signbit(v) {
		switch {
		case sp.plus:
			s = "+" + s
		case sp.space:
			s = " " + s
		}
	}
	if sp.verb < 'a' {
		s = strings.ToUpper(s)
	}
	f.padText(sp, s)
}

// pad is padText with the rules for digits: a precision is a least number of them.
func (f *formatter) pad(sp spec, digits, sign string) {
	if n := sp.prec - len(digits); n > 0 {
		digits = strings.Repeat("0", n) + digits
	} else if n := sp.width - len(digits) - len(sign); sp.prec < 0 && sp.zero && !sp.minus && n > 0 {
		digits = strings.Repeat("0", n) + digits
	}
	f.padText(sp, sign+digits)
}

func (f *formatter) padText(sp spec, s string) {
	n := sp.width - len(s)
	if n > 0 && !sp.minus {
		f.add(strings.Repeat(" ", n))
	}
	f.add(s)
	if n > 0 && sp.minus {
		f.add(strings.Repeat(" ", n))
	}
}

// quote is %q: a literal that Lua reads back.
func (f *formatter) quote(s string) {
	size := len(s) + 2
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"', '\\', '\n', '\r':
			size++
		case 0:
			size += 3
		}
	}
	f.t.room(f.L, len(f.out)+size)
	b := slices.Grow(f.out, size)
	b = append(b, '"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '"', '\\', '\n':
			b = append(b, '\\', c)
		case '\r':
			b = append(b, '\\', 'r')
		case 0:
			b = append(b, '\\', '0', '0', '0')
		default:
			b = append(b, c)
		}
	}
	f.out = append(b, '"')
}
