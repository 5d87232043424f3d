package archive

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestCompareNamesEveryDifference(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "state")
	write := func(rel, text string) {
		t.Helper()
		name := filepath.Join(dir, rel)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, rel := range []string{"same", "content", "gone", "mode", "backups/old", "sub/deep"} {
		write(rel, "as it was\n")
	}
	if err := os.Symlink("same", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(top, "b.tar.gz")
	sources := []Source{{Name: "state", Dir: dir, Exclude: []string{"backups"}}}
	if _, err := Create(t.Context(), name, sources, CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	targets := []Target{{Source: "state", Dir: dir, Preserve: []string{"backups"}}}
	compare := func() []string {
		t.Helper()
		got, err := Compare(t.Context(), name, targets)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := compare(); len(got) != 0 {
		t.Fatalf("nothing has changed, but these differ: %v", got)
	}

	write("content", "as it is.\n")
	write("sub/new", "")
	write("backups/new", "")
	for _, err := range []error{
		os.Remove(filepath.Join(dir, "gone")), os.Chmod(filepath.Join(dir, "mode"), 0o600),
		os.Remove(filepath.Join(dir, "link")), os.Symlink("mode", filepath.Join(dir, "link")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"state/content", "state/gone", "state/link", "state/mode", "state/sub/new"}
	if got := compare(); !slices.Equal(got, want) {
		t.Errorf("differences: %v, want %v", got, want)
	}
	if _, err := Compare(t.Context(), name, []Target{{Source: "other", Dir: dir}}); err == nil {
		t.Error("a source that the backup does not hold was compared")
	}
}
