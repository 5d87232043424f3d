package probes

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cortexlua/cortexlua/bindings/internal/files"
)

// newLog makes a probe for "ready" lines behind the mark.
func newLog(t *testing.T, roots *files.Roots, path string, mark Mark) *Log {
	t.Helper()
	l := NewLog(roots, path, regexp.MustCompile(`^\S+ ready$`), mark)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func markOf(t *testing.T, roots *files.Roots, path string) Mark {
	t.Helper()
	mark, err := MarkOf(roots, path)
	if err != nil {
		t.Fatal(err)
	}
	return mark
}

func TestLogSeesOnlyNewLines(t *testing.T) {
	roots, dir := tempRoots(t)
	path := filepath.Join(dir, "worker.log")
	write(t, path, "old ready\nold line\n")
	probe := newLog(t, roots, path, markOf(t, roots, path))
	want(t, "an old line", probe.Check(testContext(t)), "(0 new)")
	appendTo(t, path, "new rea")
	want(t, "half a line", probe.Check(testContext(t)), "(0 new)")
	appendTo(t, path, "dy\r\nmore\n")
	want(t, "the whole line", probe.Check(testContext(t)), "")
	want(t, "the same again", probe.Check(testContext(t)), "")

	whole := newLog(t, roots, path, Mark{})
	want(t, "without a mark", whole.Check(testContext(t)), "")
}

func TestLogIsFollowed(t *testing.T) {
	for _, c := range []struct {
		name   string
		before func(t *testing.T, path string)
		after  func(t *testing.T, path string)
	}{
		{"appended", func(t *testing.T, path string) { write(t, path, "a\n") },
			func(t *testing.T, path string) { appendTo(t, path, "new ready\n") }},
		{"made later", func(*testing.T, string) {},
			func(t *testing.T, path string) { appendTo(t, path, "new ready\n") }},
		{"truncated", func(t *testing.T, path string) { write(t, path, "a long old line\n") },
			func(t *testing.T, path string) { write(t, path, "new ready\n") }},
		{"renamed, the line in the old file", func(t *testing.T, path string) { write(t, path, "a\n") },
			func(t *testing.T, path string) {
				appendTo(t, path, "new ready\n")
				_ = os.Rename(path, path+".1")
				write(t, path, "b\n")
			}},
		{"renamed, the line in the new file", func(t *testing.T, path string) { write(t, path, "a\n") },
			func(t *testing.T, path string) {
				_ = os.Rename(path, path+".1")
				appendTo(t, path, "new ready\n")
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			roots, dir := tempRoots(t)
			path := filepath.Join(dir, "logs", "worker.log")
			if err := os.Mkdir(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			c.before(t, path)
			probe := newLog(t, roots, path, markOf(t, roots, path))
			if err := probe.Check(testContext(t)); err == nil {
				t.Fatal("it passes too early")
			}
			time.AfterFunc(20*time.Millisecond, func() { c.after(t, path) })
			want(t, "waiting", Wait(testContext(t), probe, Options{}), "")
		})
	}
}

func TestLogMarkedBeforeARotation(t *testing.T) {
	roots, dir := tempRoots(t)
	path := filepath.Join(dir, "worker.log")
	write(t, path, "old\n")
	mark := markOf(t, roots, path)
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	write(t, path, "new ready\n")
	want(t, "the new file counts from its start", newLog(t, roots, path, mark).Check(testContext(t)), "")
}

func TestLogWithLongLines(t *testing.T) {
	roots, dir := tempRoots(t)
	path := filepath.Join(dir, "worker.log")
	write(t, path, strings.Repeat("x", 3*maxLine)+"\nnew ready\n")
	probe := newLog(t, roots, path, Mark{})
	want(t, "a line behind a long one", probe.Check(testContext(t)), "")
	if cap(probe.line) > 4*maxLine {
		t.Errorf("%d bytes are kept of a line", cap(probe.line))
	}
}

func TestLogThatNeverSaysIt(t *testing.T) {
	roots, dir := tempRoots(t)
	path := filepath.Join(dir, "worker.log")
	write(t, path, "")
	probe := newLog(t, roots, path, markOf(t, roots, path))
	appendTo(t, path, "starting\nstill starting\n")
	err := Wait(testContext(t), probe, Options{Timeout: 30 * time.Millisecond})
	want(t, "a timeout", err, "(2 new)")

	died := make(chan struct{})
	time.AfterFunc(10*time.Millisecond, func() { close(died) })
	if err := Wait(testContext(t), probe, Options{Died: died}); !errors.Is(err, ErrDied) {
		t.Errorf("the process dies: %v", err)
	}
}

func TestLogThatIsNoFile(t *testing.T) {
	roots, dir := tempRoots(t)
	want(t, "a directory", newLog(t, roots, dir, Mark{}).Check(testContext(t)), "directory")
	if _, err := MarkOf(roots, "/etc/passwd"); err == nil {
		t.Error("a path outside the roots is marked")
	}
}
