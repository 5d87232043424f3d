package vm

import (
	"math"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// formatNumber prints a number as Lua 5.1 does: "%.14g".
func formatNumber(n lua.LNumber) string {
	f := float64(n)
	if i := int64(f); float64(i) == f && i > -1e15 && i < 1e14 && i < 1e15 {
		if i == 0 && math.Signbit(f) {
			return "-0"
		}
		return strconv.FormatInt(i, 10)
	}
	var buf [32]byte
	return string(appendNumber(buf[:0], f))
}

// appendNumber appends "%.14g" of f.
func appendNumber(b []byte, f float64) []byte {
	switch {
	case math.IsInf(f, 0), f != f:
		return append(b, nonFinite(f)...)
	}
	return strconv.AppendFloat(b, f, 'g', 14, 64)
}

// nonFinite is how C prints infinities and NaN; the sign bit of a NaN shows.
func nonFinite(f float64) string {
	s := "inf"
	if f != f {
		s = "nan"
	}
	if math.Signbit(f) {
		return "-" + s
	}
	return s
}

// parseNumber reads a number as C's strtod does for Lua 5.1: decimal, with
// exponent, hexadecimal integers and floats, infinities and nan are not
// taken; surrounding space is.
func parseNumber(s string) (float64, bool) {
	s = strings.Trim(s, " \t\n\v\f\r")
	if s == "" || len(s) > 1<<16 {
		return 0, false
	}
	if i, ok := smallInt(s); ok {
		return i, true
	}
	body := s
	neg := false
	if body[0] == '-' || body[0] == '+' {
		neg = body[0] == '-'
		body = body[1:]
	}
	if len(body) > 1 && body[0] == '0' && (body[1] == 'x' || body[1] == 'X') {
		f, ok := parseHex(body[2:])
		if neg {
			f = -f
		}
		return f, ok
	}
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case c >= '0' && c <= '9', c == '.', c == 'e', c == 'E':
		case (c == '-' || c == '+') && i > 0 && (body[i-1] == 'e' || body[i-1] == 'E'):
		default:
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(f, 0) {
		return 0, false
	}
	return f, true
}

// smallInt reads up to 15 plain digits.
func smallInt(s string) (float64, bool) {
	if len(s) > 15 {
		return 0, false
	}
	n := 0
	for i := 0; i < len(s); i++ {
		c := s[i] - '0'
		if c > 9 {
			return 0, false
		}
		n = n*10 + int(c)
	}
	return float64(n), true
}

func parseHex(s string) (float64, bool) {
	if s == "" {
		return 0, false
	}
	f := 0.0
	for i := 0; i < len(s); i++ {
		d := digit(s[i])
		if d >= 16 {
			return 0, false
		}
		f = f*16 + float64(d)
	}
	return f, true
}

// digit is the value of a digit in bases up to 36, or 99.
func digit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'z':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'Z':
		return int(c-'A') + 10
	}
	return 99
}
