package jsonq

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A testCase is one block of a file in the form of jq's own tests: a program, an
// input, a line for each result. A block that starts with %%FAIL holds a program
// that must not compile and a part of the message.
type testCase struct {
	line    int
	fail    bool
	program string
	lines   []string
}

func readCases(t *testing.T, path string) []testCase {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var cases []testCase
	var block *testCase
	for i, line := range strings.Split(string(text), "\n") {
		switch {
		case strings.HasPrefix(line, "#"):
		case line == "":
			block = nil
		case block == nil:
			cases = append(cases, testCase{line: i + 1, fail: line == "%%FAIL", program: line})
			block = &cases[len(cases)-1]
			if block.fail {
				block.program = ""
			}
		case block.fail && block.program == "":
			block.program = line
		default:
			block.lines = append(block.lines, line)
		}
	}
	return cases
}

func TestLanguage(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.test")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no test files: %v", err)
	}
	engine, total := New(), 0
	for _, path := range paths {
		for _, c := range readCases(t, path) {
			total++
			if len(c.lines) == 0 {
				t.Fatalf("%s:%d: a case without an input", path, c.line)
			}
			if c.fail {
				runRefused(t, engine, path, c)
			} else {
				runCase(t, engine, path, c)
			}
		}
	}
	if total < 80 {
		t.Errorf("%d cases were found: the reader of the files is broken", total)
	}
}

func runRefused(t *testing.T, engine *Engine, path string, c testCase) {
	t.Helper()
	_, err := engine.Query(context.Background(), c.program, nil, nil)
	var compile *CompileError
	if !errors.As(err, &compile) || !strings.Contains(err.Error(), c.lines[0]) {
		t.Errorf("%s:%d: %s\n got: %v\nwant: a CompileError with %q", path, c.line, c.program, err, c.lines[0])
	}
}

func runCase(t *testing.T, engine *Engine, path string, c testCase) {
	t.Helper()
	results, err := engine.QueryReader(context.Background(), strings.NewReader(c.lines[0]), c.program, nil)
	if err != nil {
		t.Errorf("%s:%d: %s: %v", path, c.line, c.program, err)
		return
	}
	want := c.lines[1:]
	for i, r := range results {
		got, err := Encode(r, 0)
		if err != nil {
			t.Errorf("%s:%d: result %d: %v", path, c.line, i+1, err)
			return
		}
		if i >= len(want) || string(got) != want[i] {
			t.Errorf("%s:%d: %s: result %d is %s, want %q", path, c.line, c.program, i+1, got, want)
			return
		}
	}
	if len(results) != len(want) {
		t.Errorf("%s:%d: %s: %d results, want %q", path, c.line, c.program, len(results), want)
	}
}
