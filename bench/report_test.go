package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func took(system string, ms ...int) []sample {
	var list []sample
	for i, n := range ms {
		d := time.Duration(n) * time.Millisecond
		list = append(list, sample{Op: "start", N: 8, System: system, Round: i, Wall: d, Seen: d, Cost: cost{wall: d, faults: 7}})
	}
	return list
}

func TestMedian(t *testing.T) {
	wall := func(s sample) float64 { return millis(s.Wall) }
	for _, c := range []struct {
		ms   []int
		want float64
	}{{nil, 0}, {[]int{4}, 4}, {[]int{9, 1, 5}, 5}, {[]int{8, 1, 2, 9}, 5}} {
		if got := median(took("x", c.ms...), wall); got != c.want {
			t.Errorf("median of %v: %v, want %v", c.ms, got, c.want)
		}
	}
}

func TestReportComparesWithTheFloor(t *testing.T) {
	b := &bench{opts: options{sizes: []int{8}}, failures: []string{"shell: no bash"}}
	b.samples = slices.Concat(took("minimal", 10, 12, 11), took("cortexlua", 22, 30, 14))
	var out strings.Builder
	b.report(&out)
	var rows [][]string
	for line := range strings.Lines(out.String()) {
		rows = append(rows, strings.Fields(line))
	}
	want := []string{"cortexlua", "22.0", "14.0", "30.0", "2.00", "22.0", "0.00", "7", "3"}
	if !slices.ContainsFunc(rows, func(row []string) bool { return slices.Equal(row, want) }) {
		t.Errorf("no row %v in\n%s", want, out.String())
	}
	if !strings.Contains(out.String(), "failed: shell: no bash") {
		t.Errorf("the failure is not shown in\n%s", out.String())
	}
}

func TestCSVHoldsEveryMeasurement(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.csv")
	if err := writeCSV(path, took("cortexlua", 22, 30)); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(lines) != 3 || lines[2] != "start,8,cortexlua,2,30.000,30.000,30.000,0.000,7" {
		t.Errorf("got %q", lines)
	}
}

func TestFlags(t *testing.T) {
	for _, args := range [][]string{{"-sizes", "0"}, {"-sizes", "2000"}, {"-sizes", "x"}, {"-only", "begin"}, {"-n", "x"}} {
		if _, err := parse(args); err == nil {
			t.Errorf("%v is not refused", args)
		}
	}
	opts, err := parse([]string{"-quick", "-only", "start,stop"})
	if err != nil || opts.runs != 2 || !slices.Equal(opts.sizes, []int{8, 100}) || !slices.Equal(opts.only, []string{"start", "stop"}) {
		t.Errorf("got %+v, %v", opts, err)
	}
}
