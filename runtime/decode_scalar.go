package runtime

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// inRange holds a number, or what a pointer to one points to, against min and max.
func (f field) inRange(v reflect.Value, path string) error {
	if f.min == nil && f.max == nil {
		return nil
	}
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	var n float64
	switch {
	case v.CanInt():
		n = float64(v.Int())
	case v.CanUint():
		n = float64(v.Uint())
	case v.CanFloat():
		n = v.Float()
	}
	if f.min != nil && n < *f.min {
		return Errorf(Invalid, "%s is %v: it must be at least %v", path, n, *f.min)
	}
	if f.max != nil && n > *f.max {
		return Errorf(Invalid, "%s is %v: it must be at most %v", path, n, *f.max)
	}
	return nil
}

func decodeNumber(dst reflect.Value, v lua.LValue, path string) error {
	n, ok := v.(lua.LNumber)
	if !ok {
		return mismatch(path, "a number", v)
	}
	if dst.CanFloat() {
		if math.IsNaN(float64(n)) || math.IsInf(float64(n), 0) {
			return Errorf(Invalid, "%s is %v: it must be a finite number", path, float64(n))
		}
		dst.SetFloat(float64(n))
		return nil
	}
	if float64(n) != math.Trunc(float64(n)) || math.Abs(float64(n)) > 1<<53 {
		return Errorf(Invalid, "%s is %v: it must be a whole number", path, float64(n))
	}
	switch {
	case dst.CanInt() && !dst.OverflowInt(int64(n)):
		dst.SetInt(int64(n))
		return nil
	case dst.CanUint() && n >= 0 && !dst.OverflowUint(uint64(n)):
		dst.SetUint(uint64(n))
		return nil
	}
	return Errorf(Invalid, "%s is %v: out of range", path, float64(n))
}

func decodeText(dst reflect.Value, v lua.LValue, path, what, sample string, parse func(string) (int64, error)) error {
	s, ok := v.(lua.LString)
	if !ok {
		return Errorf(Invalid, "%s must be %s with a unit, such as %s, not %s", path, what, sample, describe(v))
	}
	n, err := parse(string(s))
	if err != nil {
		return Errorf(Invalid, "%s: %s", path, err)
	}
	dst.SetInt(n)
	return nil
}

// maxSeconds is further from 1970 than any clock, and well within int64.
const maxSeconds = 1 << 40

func decodeTime(dst reflect.Value, v lua.LValue, path string) error {
	const want = "a time in seconds since 1970"
	n, ok := v.(lua.LNumber)
	if !ok {
		return mismatch(path, want, v)
	}
	if !(math.Abs(float64(n)) < maxSeconds) { // NaN too
		return Errorf(Invalid, "%s is %v: it must be %s", path, float64(n), want)
	}
	sec, frac := math.Modf(float64(n))
	dst.Set(reflect.ValueOf(time.Unix(int64(sec), int64(frac*1e9))))
	return nil
}

// describe names a Lua value for a message, short enough to print.
func describe(v lua.LValue) string {
	switch v := v.(type) {
	case lua.LString:
		if len(v) > 40 {
			return fmt.Sprintf("the string %q...", string(v[:40]))
		}
		return fmt.Sprintf("the string %q", string(v))
	case lua.LNumber:
		return "the number " + strconv.FormatFloat(float64(v), 'g', -1, 64)
	case lua.LBool:
		return fmt.Sprintf("%v", bool(v))
	case *lua.LNilType:
		return "nil"
	case *lua.LUserData:
		switch v := v.Value.(type) {
		case Handle:
			return "a " + v.HandleType()
		case Null:
			return "null"
		}
	}
	return "a " + v.Type().String()
}

func keyText(k lua.LValue) string {
	return strings.TrimPrefix(strings.TrimPrefix(describe(k), "the string "), "the number ")
}
