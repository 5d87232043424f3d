package statefile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestWriteThenRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "daemons", "worker.json")
	for _, text := range []string{"one", "", "three"} {
		if err := Write(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, err := Read(path); err != nil || string(got) != text {
			t.Errorf("%q %v, want %q", got, err, text)
		}
	}
	info, err := os.Stat(filepath.Dir(path))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder is not private: %v %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".tmp-*")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestReadTellsNothingFromSomethingElse(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	file, link, fifo, big := at("file"), at("link"), at("fifo"), at("big")
	must(t, os.WriteFile(file, []byte("x"), 0o600))
	must(t, os.Symlink(file, link))
	must(t, unix.Mkfifo(fifo, 0o600))
	must(t, os.WriteFile(big, []byte(strings.Repeat("x", maxSize+1)), 0o600))
	for path, want := range map[string]error{
		at("none"): fs.ErrNotExist, file + "/below": fs.ErrNotExist,
		link: ErrBad, fifo: ErrBad, dir: ErrBad, big: ErrBad,
	} {
		if got, err := Read(path); !errors.Is(err, want) {
			t.Errorf("%s: %q %v, want %v", path, got, err, want)
		}
	}
}

func TestRemoveTwice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	must(t, Write(path, []byte("x")))
	must(t, Remove(path))
	must(t, Remove(path))
}

func TestIgnoreKeepsWhatIsThere(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	must(t, Ignore(dir))
	path := filepath.Join(dir, ".gitignore")
	if text, err := os.ReadFile(path); err != nil || !strings.Contains(string(text), "\n*\n") {
		t.Errorf("%q %v", text, err)
	}
	must(t, os.WriteFile(path, []byte("mine\n"), 0o600))
	must(t, Ignore(dir))
	if text, _ := os.ReadFile(path); string(text) != "mine\n" {
		t.Errorf("it was replaced by %q", text)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
