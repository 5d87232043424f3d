package main

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"
)

// sample is one measurement.
type sample struct {
	Op     string
	N      int
	System string
	Round  int
	// Wall is the time until the work was done and the command had returned.
	Wall time.Duration
	// Seen is when the work was done, seen from outside; zero for those that only look.
	Seen time.Duration
	// Cost is what the command itself took; resident managers are not in it.
	Cost cost
}

func newSample(c cost, seen time.Duration) sample {
	return sample{Wall: max(c.wall, seen), Seen: seen, Cost: c}
}

var titles = map[string]string{
	"start":   "start of %d daemons until all are ready",
	"stop":    "stop of %d daemons until all are gone",
	"rolling": "rolling restart of %d daemons, each ready before the next",
	"status":  "status of %d daemons",
	"startup": "start-up: an empty script",
}

// report prints a table for each operation and size.
func (b *bench) report(w io.Writer) {
	for _, op := range []string{"startup", "start", "stop", "rolling", "status"} {
		for _, n := range append([]int{0}, b.opts.sizes...) {
			rows := slices.DeleteFunc(slices.Clone(b.samples), func(s sample) bool { return s.Op != op || s.N != n })
			if len(rows) > 0 {
				title := titles[op]
				if n > 0 {
					title = fmt.Sprintf(title, n)
				}
				fmt.Fprintf(w, "\n%s\n", title)
				table(w, rows)
			}
		}
	}
	for _, f := range b.failures {
		fmt.Fprintln(w, "\nfailed:", f)
	}
}

// table prints medians in milliseconds, fastest first, and how many times as
// long as the floor each took.
func table(w io.Writer, rows []sample) {
	groups := map[string][]sample{}
	for _, s := range rows {
		groups[s.System] = append(groups[s.System], s)
	}
	wall := func(s sample) float64 { return millis(s.Wall) }
	names := make([]string, 0, len(groups))
	for name := range groups {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Compare(median(groups[a], wall), median(groups[b], wall))
	})
	floor := median(groups["minimal"], wall) + median(groups["luabase"], wall) // one of them is there
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "system\tms\tmin\tmax\tx floor\tdone\tcpu ms\tfaults\truns\t")
	for _, name := range names {
		g := groups[name]
		low, high := extremes(g, wall)
		done := "-"
		if g[0].Seen > 0 {
			done = number(median(g, func(s sample) float64 { return millis(s.Seen) }))
		}
		ratio := "-"
		if floor > 0 {
			ratio = fmt.Sprintf("%.2f", median(g, wall)/floor)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%.0f\t%d\t\n", name, number(median(g, wall)), number(low), number(high), ratio, done,
			number(median(g, func(s sample) float64 { return millis(s.Cost.cpu) })),
			median(g, func(s sample) float64 { return float64(s.Cost.faults) }), len(g))
	}
	t.Flush()
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// number shows three digits or all before the point.
func number(x float64) string {
	switch {
	case x < 10:
		return fmt.Sprintf("%.2f", x)
	case x < 100:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.0f", x)
}

// median of a property; zero for no samples.
func median(rows []sample, of func(sample) float64) float64 {
	if len(rows) == 0 {
		return 0
	}
	values := make([]float64, len(rows))
	for i, s := range rows {
		values[i] = of(s)
	}
	slices.Sort(values)
	mid := len(values) / 2
	if len(values)%2 == 1 {
		return values[mid]
	}
	return (values[mid-1] + values[mid]) / 2
}

func extremes(rows []sample, of func(sample) float64) (low, high float64) {
	low, high = of(rows[0]), of(rows[0])
	for _, s := range rows {
		low, high = min(low, of(s)), max(high, of(s))
	}
	return low, high
}

// writeCSV writes every measurement, one on a line.
func writeCSV(path string, samples []sample) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, file.Close()) }()
	w := csv.NewWriter(file)
	_ = w.Write([]string{"operation", "daemons", "system", "round", "wall_ms", "done_ms", "command_ms", "cpu_ms", "minor_faults"})
	ms := func(d time.Duration) string { return strconv.FormatFloat(millis(d), 'f', 3, 64) }
	for _, s := range samples {
		_ = w.Write([]string{s.Op, strconv.Itoa(s.N), s.System, strconv.Itoa(s.Round + 1), ms(s.Wall), ms(s.Seen), ms(s.Cost.wall), ms(s.Cost.cpu),
			strconv.FormatInt(s.Cost.faults, 10)})
	}
	w.Flush()
	return w.Error()
}
