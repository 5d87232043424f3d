package vm

import (
	"fmt"
	"syscall"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// osFuncs are the functions of os that only look at the clock.
func osFuncs() []fn {
	return []fn{{"clock", osClock}, {"date", osDate}, {"difftime", osDifftime}, {"time", osTime}}
}

// osClock is the CPU time of the process in seconds, as C's clock(); upstream gives
// wall time.
func osClock(L *lua.LState) int {
	var ru syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &ru); err != nil {
		return push(L, -1)
	}
	return push(L, time.Duration(ru.Utime.Nano()+ru.Stime.Nano()).Seconds())
}

func osDifftime(L *lua.LState) int {
	b := 0.0
	if L.Get(2) != lua.LNil {
		b = checkNumber(L, 2)
	}
	return push(L, checkNumber(L, 1)-b)
}

// osTime is the time now, or of the local time that a table describes.
func osTime(L *lua.LState) int {
	if L.Get(1) == lua.LNil {
		return push(L, float64(time.Now().Unix()))
	}
	t := checkTable(L, 1)
	field := func(name string, d int) int {
		v := t.RawGetString(name)
		switch v := v.(type) {
		case lua.LNumber:
			return toInt(float64(v))
		case lua.LString:
			if f, ok := parseNumber(string(v)); ok {
				return toInt(f)
			}
		}
		if d < 0 {
			throw(L, fmt.Sprintf("field '%s' missing in date table", name))
		}
		return d
	}
	sec, mins, hour := field("sec", 0), field("min", 0), field("hour", 12)
	day, month, year := field("day", -1), field("month", -1), field("year", -1)
	at := time.Date(year, time.Month(month), day, hour, mins, sec, 0, time.Local)
	return push(L, float64(at.Unix()))
}

func osDate(L *lua.LState) int {
	format := optString(L, 1, "%c")
	at := time.Now()
	if L.Get(2) != lua.LNil {
		at = time.Unix(int64(checkInt(L, 2)), 0)
	}
	if format != "" && format[0] == '!' {
		at, format = at.UTC(), format[1:]
	}
	if len(format) >= 2 && format[:2] == "*t" {
		L.Push(dateTable(L, at))
		return 1
	}
	t := threadOf(L)
	t.room(L, len(format))
	var out []byte
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			out = append(out, format[i])
			continue
		}
		i++
		out = appendDate(out, at, format[i])
		if i&1023 < 2 || len(out) > t.vm.limits.String {
			t.room(L, len(out))
			t.check()
		}
	}
	L.Push(lua.LString(out))
	return 1
}

func dateTable(L *lua.LState, at time.Time) *lua.LTable {
	t := L.CreateTable(0, 9)
	for _, f := range []struct {
		name string
		n    int
	}{
		{"sec", at.Second()}, {"min", at.Minute()}, {"hour", at.Hour()}, {"day", at.Day()},
		{"month", int(at.Month())}, {"year", at.Year()}, {"wday", int(at.Weekday()) + 1}, {"yday", at.YearDay()},
	} {
		t.RawSetString(f.name, lua.LNumber(f.n))
	}
	t.RawSetString("isdst", lua.LBool(at.IsDST()))
	return t
}

// appendDate appends one conversion of C's strftime in the C locale. What is
// unknown stays as it is.
func appendDate(b []byte, at time.Time, c byte) []byte {
	layouts := "aMon\x00AMonday\x00bJan\x00BJanuary\x00hJan\x00cMon Jan _2 15:04:05 2006\x00d02\x00" +
		"D01/02/06\x00e_2\x00F2006-01-02\x00H15\x00I03\x00m01\x00M04\x00pPM\x00r03:04:05 PM\x00R15:04\x00" +
		"S05\x00T15:04:05\x00x01/02/06\x00X15:04:05\x00y06\x00Y2006\x00z-0700\x00ZMST\x00"
	for rest := layouts; rest != ""; {
		end := 0
		for rest[end] != 0 {
			end++
		}
		if rest[0] == c {
			return at.AppendFormat(b, rest[1:end])
		}
		rest = rest[end+1:]
	}
	year, week := at.ISOWeek()
	switch c {
	case '%':
		return append(b, '%')
	case 'n':
		return append(b, '\n')
	case 't':
		return append(b, '\t')
	case 'j':
		return fmt.Appendf(b, "%03d", at.YearDay())
	case 'w':
		return fmt.Appendf(b, "%d", int(at.Weekday()))
	case 'u':
		return fmt.Appendf(b, "%d", (int(at.Weekday())+6)%7+1)
	case 'C':
		return fmt.Appendf(b, "%02d", at.Year()/100)
	case 'G':
		return fmt.Appendf(b, "%d", year)
	case 'g':
		return fmt.Appendf(b, "%02d", year%100)
	case 'V':
		return fmt.Appendf(b, "%02d", week)
	case 'U':
		return fmt.Appendf(b, "%02d", (at.YearDay()+6-int(at.Weekday()))/7)
	case 'W':
		return fmt.Appendf(b, "%02d", (at.YearDay()+6-(int(at.Weekday())+6)%7)/7)
	case 's':
		return fmt.Appendf(b, "%d", at.Unix())
	}
	return append(b, '%', c)
}
