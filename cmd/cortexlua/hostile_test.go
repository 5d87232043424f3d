package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cortexlua/cortexlua/runtime/runtimetest/hostile"
)

// The promise of the program for any script.
const (
	hostileMemory = 256 << 20              // of the whole process tree
	hostileLate   = 250 * time.Millisecond // after the deadline
)

// TestHostileProgram runs the whole corpus through the built program, both walls up, two
// scripts at a time, and prints a table of how each went. By hand:
//
//	HOSTILE_ALL=1 HOSTILE_PASSES=3 HOSTILE_LOAD=1 go test ./cmd/cortexlua -run 'TestHostileProgram' -v -timeout 30m
//
//	HOSTILE_DEADLINE  the time limit of each run; 300ms (of those for memory five times that)
//	HOSTILE_PASSES    how often all is run; 1
//	HOSTILE_LOAD      1: a busy loop for each processor runs beside
//	HOSTILE_ONLY      a regular expression of the scripts to run
//	HOSTILE_ALL       1: all scripts; otherwise, unless HOSTILE_ONLY chooses, each fifth
func TestHostileProgram(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes minutes")
	}
	scripts := chosenScripts(t)
	g := gate{program: buildProgram(t), dir: t.TempDir(), deadline: 300 * time.Millisecond}
	if text := os.Getenv("HOSTILE_DEADLINE"); text != "" {
		var err error
		if g.deadline, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	if os.Getenv("HOSTILE_LOAD") == "1" {
		loadProcessors(t)
	}
	passes, _ := strconv.Atoi(os.Getenv("HOSTILE_PASSES"))
	for pass := range max(1, passes) {
		g.pass(t, pass+1, scripts)
	}
}

func chosenScripts(t *testing.T) []hostile.Script {
	t.Helper()
	all, err := hostile.Scripts()
	if err != nil {
		t.Fatal(err)
	}
	pattern := os.Getenv("HOSTILE_ONLY")
	if pattern == "" && os.Getenv("HOSTILE_ALL") != "1" {
		var some []hostile.Script
		for i := 0; i < len(all); i += 5 {
			some = append(some, all[i])
		}
		return some
	}
	only := regexp.MustCompile(pattern)
	return slices.DeleteFunc(all, func(s hostile.Script) bool { return !only.MatchString(s.Name) })
}

// buildProgram builds what is shipped: the test binary is larger and starts later.
func buildProgram(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "cortexlua")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// loadProcessors keeps every processor busy until the test ends.
func loadProcessors(t *testing.T) {
	t.Helper()
	for range runtime.NumCPU() {
		cmd := exec.Command("sh", "-c", "while kill -0 $PPID; do :; done")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		})
	}
}

// gate runs scripts and judges them.
type gate struct {
	program  string
	dir      string
	deadline time.Duration
}

// trial is how one script went.
type trial struct {
	script hostile.Script
	report wardenReport
	late   time.Duration // of the last try
	before []wardenTry   // those before it, which were too late
	faults []string
}

func (g gate) pass(t *testing.T, number int, scripts []hostile.Script) {
	started := time.Now()
	trials := make([]trial, len(scripts))
	next := make(chan int)
	var workers sync.WaitGroup
	for range 2 {
		workers.Go(func() {
			for i := range next {
				trials[i] = g.try(fmt.Sprintf("%d-%s", number, scripts[i].Name), scripts[i])
			}
		})
	}
	for i := range scripts {
		next <- i
	}
	close(next)
	workers.Wait()
	t.Logf("pass %d\n%s", number, table(trials, time.Since(started)))
	for _, tr := range trials {
		if len(tr.faults) > 0 {
			t.Errorf("%s (%s)\n  %s\nstdout: %s\nstderr: %s", tr.script.Name, tr.script.Attacks, strings.Join(tr.faults, "\n  "),
				clipText(tr.report.Stdout, 600), clipText(tr.report.Stderr, 1500))
		}
	}
}

// tries is how often a script may be late before it counts. The end of a run needs
// four wake-ups in a row, and a machine that others use too may hold up each: what
// holds up a run by itself does so every time. Nothing but lateness is tried again,
// and the table shows every try.
const tries = 3

func (g gate) try(name string, s hostile.Script) trial {
	var before []wardenTry
	for {
		tr := g.once(fmt.Sprintf("%s-%d", name, len(before)), s)
		tr.before = before
		if tr.late > hostileLate && len(tr.faults) == 0 {
			this := wardenTry{tr.late, tr.report.Stall, lastWords(tr.report.Stderr)}
			if before = append(before, this); len(before) < tries {
				continue
			}
			tr.before = before
			if !slices.ContainsFunc(before, wardenTry.excused) {
				tr.faults = append(tr.faults, fmt.Sprintf("it ended too late %d times", tries))
			}
		}
		return tr
	}
}

// wardenTry is a try that was too late.
type wardenTry struct {
	late, stall time.Duration
	words       string
}

// excused tells whether it would have been in time, had the machine not kept even
// the warden, which only sleeps, from running.
func (w wardenTry) excused() bool { return w.late-w.stall <= hostileLate }

func (w wardenTry) String() string {
	return fmt.Sprintf("%d ms over, the machine stalled %d ms: %s", w.late.Milliseconds(), w.stall.Milliseconds(), w.words)
}

// once runs one script in a home of its own.
func (g gate) once(name string, s hostile.Script) trial {
	tr := trial{script: s}
	fault := func(format string, args ...any) { tr.faults = append(tr.faults, fmt.Sprintf(format, args...)) }
	place, err := newPlace(filepath.Join(g.dir, name), s)
	if err != nil {
		fault("cannot set it up: %v", err)
		return tr
	}
	defer place.remove()
	deadline := g.deadline
	switch s.Expect {
	case hostile.OK: // it ends by itself
		deadline = 20 * time.Second
	case hostile.Memory: // it must come to what it attacks
		deadline *= 5
	}
	before := place.outside()
	if tr.report, err = place.run(g.program, s, deadline); err != nil {
		fault("cannot run it: %v", err)
		return tr
	}
	tr.late = lateness(tr.report, deadline+s.More)
	tr.judge(fault)
	for path, have := range place.outside() {
		if before[path] != have {
			fault("%s was changed or made", path)
		}
		delete(before, path)
	}
	for path := range before {
		fault("%s is gone", path)
	}
	return tr
}

// judge holds a trial against the promise.
func (tr *trial) judge(fault func(string, ...any)) {
	rep := tr.report
	if strings.Contains(rep.Stdout+rep.Stderr, "ESCAPED") {
		fault("it got through")
	}
	if strings.Contains(rep.Stdout+rep.Stderr, canary) {
		fault("it read what is outside")
	}
	for _, sign := range []string{"fatal error:", "SIGSEGV", "panic:", "goroutine 1 "} {
		if strings.Contains(rep.Stderr, sign) {
			fault("the program crashed: %s", sign)
		}
	}
	if !slices.Contains(wantedExits(tr.script.Expect), rep.Exit) {
		fault("exit code %d %s, want one of %v", rep.Exit, rep.Signal, wantedExits(tr.script.Expect))
	}
	if tr.script.Expect == hostile.OK && !strings.Contains(rep.Stdout, "OK") {
		fault("it did not print OK")
	}
	if rep.Peak > hostileMemory {
		fault("it took %d MiB", rep.Peak>>20)
	}
	for _, p := range rep.Left {
		fault("left running: %s", p)
	}
}

// wantedExits gives the exit codes that are right. An earlier end with an ordinary
// error always is. What would run for ever on a worse host may be done in time here.
func wantedExits(expect string) []int {
	switch expect {
	case hostile.OK:
		return []int{0}
	case hostile.Denied, hostile.Error:
		return []int{1, 3, 4, 124, 125}
	}
	return []int{0, 1, 3, 4, 124, 125}
}

var began = regexp.MustCompile(`BEGAN (\d+\.\d+)`)

// lateness is the time from the deadline to the end of the program, negative when
// it ended before. The deadline counts from the moment that the script itself
// printed as its first, so that the start of two processes is not taken for it; a
// script that did not get that far is measured from the start of the program.
func lateness(rep wardenReport, allowed time.Duration) time.Duration {
	from := rep.Start
	if m := began.FindStringSubmatch(rep.Stdout + rep.Stderr); m != nil {
		seconds, _ := strconv.ParseFloat(m[1], 64)
		from = time.UnixMicro(int64(seconds * 1e6))
	}
	return rep.End.Sub(from) - allowed
}

func table(trials []trial, took time.Duration) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-26s %-8s %4s %8s %5s  %s\n", "SCRIPT", "EXPECT", "EXIT", "MS OVER", "MIB", "LAST WORDS")
	safe, again, late, peak := 0, 0, trials[0], trials[0]
	var firsts time.Duration
	for _, tr := range trials {
		mark := ""
		if len(tr.faults) == 0 {
			safe++
		} else {
			mark = "  " + strings.Join(tr.faults, "; ")
		}
		over := "-"
		if tr.late > 0 {
			over = strconv.FormatInt(tr.late.Milliseconds(), 10)
		}
		for _, b := range tr.before {
			mark += fmt.Sprintf("\n    before: %s", b)
			again++
			firsts = max(firsts, b.late)
		}
		fmt.Fprintf(&b, "%-26s %-8s %4d %8s %5d  %s%s\n", tr.script.Name, tr.script.Expect, tr.report.Exit, over, tr.report.Peak>>20, lastWords(tr.report.Stderr), mark)
		if tr.late > late.late {
			late = tr
		}
		if tr.report.Peak > peak.report.Peak {
			peak = tr
		}
	}
	fmt.Fprintf(&b, "safe %d of %d; latest %v after the deadline (%s); most memory %d MiB (%s); took %v\n", safe, len(trials),
		late.late.Round(time.Millisecond), late.script.Name, peak.report.Peak>>20, peak.script.Name, took.Round(time.Second))
	if again > 0 {
		fmt.Fprintf(&b, "%d tries were more than %v late and made again; the worst of them %v\n", again, hostileLate, firsts.Round(time.Millisecond))
	}
	return b.String()
}

// lastWords is the line that told the operator how a run ended.
func lastWords(stderr string) string {
	for line := range strings.Lines(stderr) {
		for _, start := range []string{"cortexlua: ", "failed: hostile: "} {
			if words, ok := strings.CutPrefix(line, start); ok {
				if i := strings.Index(words, "hostile.lua:"); i >= 0 {
					words = words[i:]
				}
				return clipText(strings.TrimSpace(words), 70)
			}
		}
	}
	return ""
}

func clipText(s string, n int) string {
	if len(s) > n {
		s = s[:n] + " ..."
	}
	return s
}

// warden runs a program under a warden, in a process of its own.
func warden(o wardenOrder) (wardenReport, error) {
	var rep wardenReport
	text, err := json.Marshal(o)
	if err != nil {
		return rep, err
	}
	cmd := exec.Command("hostile-warden")
	cmd.Stdin = bytes.NewReader(text)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return rep, fmt.Errorf("the warden failed: %w\n%s", err, clipText(stderr.String(), 1000))
	}
	return rep, json.Unmarshal(out, &rep)
}
