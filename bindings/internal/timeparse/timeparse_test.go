package timeparse

import (
	"errors"
	"math"
	"math/big"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	want := time.Date(2025, 11, 26, 16, 26, 16, 0, time.UTC)
	for _, v := range []any{
		"2025-11-26T10:26:16-0600",
		"2025-11-26T10:26:16-06:00",
		"2025-11-26T10:26:16-06",
		"2025-11-26T16:26:16Z",
		"2025-11-26T16:26:16+00:00",
		"2025-11-26T16:26:16+0000",
		"2025-11-26t16:26:16z",
		"2025-11-26 16:26:16Z",
		"2025-11-26 16:26:16 +0000",
		" 2025-11-26T16:26:16Z\n",
		"1764174376", "1764174376.0", "1764174376000",
		1764174376, int64(1764174376), 1764174376.0, 1764174376000, 1764174376000.0,
		1764174376000000, 1764174376000000000, "1764174376000000",
		big.NewInt(1764174376),
	} {
		if got, err := Parse(v); err != nil || !got.Equal(want) {
			t.Errorf("Parse(%#v) = %v, %v, want %v", v, got, err, want)
		}
	}
}

func TestParseFractions(t *testing.T) {
	want := time.Date(2025, 11, 26, 16, 26, 16, 250_000_000, time.UTC)
	for _, v := range []any{
		"2025-11-26T16:26:16.25Z", "2025-11-26T16:26:16,250Z", "2025-11-26T10:26:16.250000-0600",
		"2025-11-26T16:26:16.250000000+00:00", 1764174376.25, "1764174376.25", 1764174376250,
	} {
		if got, err := Parse(v); err != nil || !got.Equal(want) {
			t.Errorf("Parse(%#v) = %v, %v, want %v", v, got, err, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, v := range []any{
		"", "now", "2025-11-26", "2025-13-01T00:00:00Z", "2025-11-26T10:26:16-0600x", "26.11.2025 10:26",
		nil, true, []any{}, map[string]any{}, math.NaN(), math.Inf(1), "nan", "inf", 1e300,
		new(big.Int).Lsh(big.NewInt(1), 100),
	} {
		if got, err := Parse(v); err == nil {
			t.Errorf("Parse(%#v) = %v, want an error", v, got)
		}
	}
	if _, err := Parse("2025-11-26T10:26:16"); !errors.Is(err, ErrNoZone) {
		t.Errorf("a time without a zone: %v, want ErrNoZone", err)
	}
}
