// Package timeparse reads the time stamps that daemons write into their state
// files: ISO 8601 with any form of offset, and numbers since 1970.
package timeparse

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// ErrNoZone says that a time stamp does not tell its offset from UTC. It is not
// guessed: a guess that is hours off would make a dead daemon look fresh, or a
// live one dead.
var ErrNoZone = errors.New("it has no offset from UTC, such as Z or +02:00")

// layouts are the forms of ISO 8601 met in the field. time.Parse takes a fraction
// after the seconds in each of them. date +%z writes the offset without a colon.
var layouts = [...]string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07"}

// Parse reads a time stamp from decoded JSON: text such as
// "2025-11-26T10:26:16-0600", "2025-11-26 16:26:16.25Z" or "1764174376", or a
// number of seconds, milliseconds, microseconds or nanoseconds since 1970, told
// apart by their size.
func Parse(v any) (time.Time, error) {
	switch v := v.(type) {
	case string:
		return parseText(v)
	case int:
		return fromUnits(int64(v))
	case int64:
		return fromUnits(v)
	case float64:
		return fromFloat(v)
	case *big.Int:
		if v.IsInt64() {
			return fromUnits(v.Int64())
		}
		return time.Time{}, fmt.Errorf("cannot read %s as a time: out of range", v)
	case nil:
		return time.Time{}, errors.New("cannot read null as a time")
	}
	return time.Time{}, fmt.Errorf("cannot read a %T as a time", v)
}

func parseText(text string) (time.Time, error) {
	s := strings.TrimSpace(text)
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return fromUnits(n)
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		return fromFloat(f)
	}
	s = strings.ToUpper(s)
	if len(s) > 10 && s[10] == ' ' { // RFC 3339, section 5.6, allows a blank
		s = s[:10] + "T" + strings.ReplaceAll(s[11:], " ", "") // and git puts another before the offset
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	why := errors.New("it is neither ISO 8601, such as 2025-11-26T10:26:16Z, nor a number of seconds since 1970")
	if _, err := time.Parse("2006-01-02T15:04:05", s); err == nil {
		why = ErrNoZone
	}
	return time.Time{}, fmt.Errorf("cannot read %q as a time: %w", clip(text), why)
}

// The sizes from which on a number is of a finer unit. 1e11 seconds is the year
// 5138, 1e11 milliseconds is 1973; the same holds for the finer ones.
const (
	fromMilli = 1e11
	fromMicro = 1e14
	fromNano  = 1e17
)

func fromUnits(n int64) (time.Time, error) {
	size := math.Abs(float64(n))
	switch {
	case size >= fromNano:
		return time.Unix(0, n), nil
	case size >= fromMicro:
		return time.UnixMicro(n), nil
	case size >= fromMilli:
		return time.UnixMilli(n), nil
	}
	return time.Unix(n, 0), nil
}

func fromFloat(f float64) (time.Time, error) {
	if math.IsNaN(f) || math.Abs(f) >= math.MaxInt64 {
		return time.Time{}, fmt.Errorf("cannot read %v as a time: out of range", f)
	}
	if math.Abs(f) >= fromMilli {
		return fromUnits(int64(f)) // the fraction of a finer unit does not matter
	}
	sec, frac := math.Modf(f)
	return time.Unix(int64(sec), int64(math.Round(frac*1e9))), nil
}

func clip(s string) string {
	if len(s) > 60 {
		return s[:60] + "..."
	}
	return s
}
