package runtime

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Size is a number of bytes. Scripts write it as "10MB" or "64KiB"; results give
// the plain number.
type Size int64

// sizeUnits follow IEC 80000-13: KB is a thousand bytes, KiB is 1,024.
var sizeUnits = []struct {
	name  string
	bytes float64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40},
	{"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"B", 1},
}

// ParseSize reads "10MB", "1.5GiB" or "512B".
func ParseSize(text string) (Size, error) {
	for _, u := range sizeUnits {
		number, ok := strings.CutSuffix(text, u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil || !(n >= 0 && n*u.bytes <= math.MaxInt64/2) { // NaN too
			break
		}
		return Size(math.Round(n * u.bytes)), nil
	}
	return 0, Errorf(Invalid, "cannot read %q as a size: write a number with a unit, such as \"10MB\" or \"64KiB\"", text)
}

// ParseDuration reads "5s", "1m30s" or "250ms"; beyond the units of Go it knows
// "d" (24 hours), as in "14d".
func ParseDuration(text string) (time.Duration, error) {
	days, rest := time.Duration(0), text
	if before, after, ok := strings.Cut(text, "d"); ok {
		n, err := strconv.ParseFloat(before, 64)
		if err == nil && n >= 0 && n < 36500 {
			days, rest = time.Duration(n*24*float64(time.Hour)), after
		}
	}
	if rest == "" && rest != text {
		return days, nil
	}
	d, err := time.ParseDuration(rest)
	if err != nil || d < 0 || d > math.MaxInt64-days {
		return 0, Errorf(Invalid, "cannot read %q as a duration: write a number with a unit, such as \"5s\", \"1m30s\" or \"14d\"", text)
	}
	return days + d, nil
}

// FormatDuration gives the short form that people write: "5s", "1m30s", "2d".
func FormatDuration(d time.Duration) string {
	if d >= 24*time.Hour && d%(24*time.Hour) == 0 {
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
