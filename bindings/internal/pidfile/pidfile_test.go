package pidfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

func put(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func alive(File) (bool, string, error) { return true, "worker", nil }
func dead(File) (bool, string, error)  { return false, "", nil }
func never(File) (bool, string, error) { panic("not to be asked") }

// only checks that the directory holds these names and no temporary file.
func only(t *testing.T, dir string, names ...string) {
	t.Helper()
	list, err := os.ReadDir(dir)
	must(t, err)
	var got []string
	for _, e := range list {
		got = append(got, e.Name())
	}
	if strings.Join(got, " ") != strings.Join(names, " ") {
		t.Errorf("the directory holds %q, not %q", got, names)
	}
}

func TestRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.pid")
	for _, text := range []string{"4711", "4711\n"} {
		f, err := Read(put(t, path, text))
		if err != nil || f.PID != 4711 || f.Path != path || f.Owner != os.Geteuid() || f.ModTime.IsZero() {
			t.Errorf("%q: %+v %v", text, f, err)
		}
	}
	must(t, os.Remove(path))
	for _, path := range []string{path, path + "/x/y"} {
		if _, err := Read(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestReadRefusesContents(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.pid")
	for text, reason := range map[string]string{
		"": "empty", "\n": "empty", "0": "0", "0\n": "0", "-1\n": "negative", "-4711": "negative", "1": "pid 1",
		"abc": "not a pid", "12a": "not a pid", " 12": "not a pid", "12 ": "not a pid", "12\r\n": "not a pid", "+12": "not a pid",
		"012": "not a pid", "1e3": "not a pid", "0x10": "not a pid", "12\x00": "not a pid", "99999999999999999999": "not a pid",
		"4194305": "more than any pid", "12\n13\n": "more than one line", "12\n\n": "more than one line", "\n12": "more than one line",
		strings.Repeat("1", 33): "33 bytes",
	} {
		_, err := Read(put(t, path, text))
		var bad *BadError
		if !errors.As(err, &bad) || !strings.Contains(bad.Reason, reason) || bad.Path != path {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("12\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if pid, err := parse("x", raw); err == nil && (pid < 2 || strings.TrimSuffix(string(raw), "\n") != strconv.Itoa(pid)) {
			t.Errorf("%q is read as %d", raw, pid)
		}
	})
}

// None of these may block: a FIFO without a writer hangs a plain open for ever.
func TestReadRefusesKinds(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	put(t, at("real"), "4711\n")
	must(t, os.Symlink(at("real"), at("link")))
	must(t, os.Symlink(at("nowhere"), at("dangling")))
	must(t, unix.Mkfifo(at("fifo"), 0o666))
	must(t, os.Mkdir(at("dir"), 0o755))
	put(t, at("hard"), "4711\n")
	must(t, os.Link(at("hard"), at("hard2")))
	for path, reason := range map[string]string{
		at("link"): "symbolic link", at("dangling"): "symbolic link", at("fifo"): "FIFO", at("dir"): "directory",
		at("hard"): "hard links", "/dev/null": "device",
	} {
		_, err := Read(path)
		var bad *BadError
		if !errors.As(err, &bad) || !strings.Contains(bad.Reason, reason) {
			t.Errorf("%s: %v", path, err)
		}
		if _, err := Remove(path, 4711); !errors.As(err, &bad) {
			t.Errorf("remove %s: %v", path, err)
		}
		if _, err := os.Lstat(path); err != nil {
			t.Errorf("%s is gone", path)
		}
	}
}

func TestReadRefusesOpenDirectory(t *testing.T) {
	dir := t.TempDir()
	path := put(t, filepath.Join(dir, "a.pid"), "4711\n")
	must(t, os.Chmod(dir, 0o777))
	var bad *BadError
	if _, err := Read(path); !errors.As(err, &bad) || !strings.Contains(bad.Reason, "writable for all") {
		t.Error(err)
	}
	if err := Write(path, 12, dead); !errors.As(err, &bad) {
		t.Error(err)
	}
	must(t, os.Chmod(dir, 0o777|fs.ModeSticky))
	if _, err := Read(path); err != nil {
		t.Error(err)
	}
}

// Needs root to give a file away.
func TestReadRefusesForeignOwnerNeedsRoot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	path := put(t, filepath.Join(t.TempDir(), "a.pid"), "4711\n")
	must(t, os.Chown(path, 65534, 65534))
	var bad *BadError
	if _, err := Read(path); !errors.As(err, &bad) || !strings.Contains(bad.Reason, "uid 65534") {
		t.Error(err)
	}
	if f, err := Read(path, 65534); err != nil || f.Owner != 65534 {
		t.Errorf("%+v %v", f, err)
	}
}

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.pid")
	must(t, Write(path, 4711, never))
	if raw, _ := os.ReadFile(path); string(raw) != "4711\n" {
		t.Errorf("%q", raw)
	}
	must(t, Write(path, 4711, never)) // ours already
	var live *LiveError
	if err := Write(path, 4712, alive); !errors.As(err, &live) || live.PID != 4711 || live.Who != "worker" {
		t.Error(err)
	}
	if err := Write(path, 4712, func(File) (bool, string, error) { return false, "", unix.EMFILE }); !errors.Is(err, unix.EMFILE) {
		t.Error(err)
	}
	if f, err := Read(path); err != nil || f.PID != 4711 {
		t.Errorf("a refused write changed the file: %+v %v", f, err)
	}
	must(t, Write(path, 4712, dead))
	if f, err := Read(path); err != nil || f.PID != 4712 {
		t.Errorf("%+v %v", f, err)
	}
	only(t, dir, "a.pid")
	if err := Write(filepath.Join(dir, "no/a.pid"), 4711, never); err == nil || !strings.Contains(err.Error(), "mkdir -p") {
		t.Error(err)
	}
	var bad *BadError
	if err := Write(put(t, filepath.Join(dir, "b.pid"), ""), 4711, never); !errors.As(err, &bad) {
		t.Error(err)
	}
	only(t, dir, "a.pid", "b.pid")
}

// Another one writes its pid between the judgement and the exchange.
func TestWritePutsBackWhatCameMeanwhile(t *testing.T) {
	dir := t.TempDir()
	path := put(t, filepath.Join(dir, "a.pid"), "100\n")
	asked := 0
	err := Write(path, 300, func(f File) (bool, string, error) {
		asked++
		if asked == 1 {
			if f.PID != 100 {
				t.Errorf("asked about %d", f.PID)
			}
			put(t, path+".new", "200\n")
			must(t, os.Rename(path+".new", path))
			return false, "", nil
		}
		return f.PID == 200, "newcomer", nil
	})
	var live *LiveError
	if !errors.As(err, &live) || live.PID != 200 {
		t.Error(err)
	}
	if f, err := Read(path); err != nil || f.PID != 200 {
		t.Errorf("%+v %v", f, err)
	}
	only(t, dir, "a.pid")
}

func TestWriteHasOneWinner(t *testing.T) {
	for range 50 {
		dir := t.TempDir()
		path := filepath.Join(dir, "a.pid")
		var won atomic.Int32
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				err := Write(path, 1000+i, alive)
				var live *LiveError
				switch {
				case err == nil:
					won.Add(1)
				case !errors.As(err, &live):
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Fatalf("%d writers won", won.Load())
		}
		only(t, dir, "a.pid")
	}
}

func TestRemove(t *testing.T) {
	dir := t.TempDir()
	path := put(t, filepath.Join(dir, "a.pid"), "4711\n")
	for pid, want := range map[int]bool{12: false, 1: false, 0: false} {
		if ok, err := Remove(path, pid); ok != want || err != nil {
			t.Errorf("%d: %v %v", pid, ok, err)
		}
	}
	only(t, dir, "a.pid")
	if ok, err := Remove(path, 4711); !ok || err != nil {
		t.Error(ok, err)
	}
	only(t, dir)
	if ok, err := Remove(path, 4711); ok || err != nil {
		t.Error(ok, err)
	}
}

func TestRemoveStale(t *testing.T) {
	dir := t.TempDir()
	path := put(t, filepath.Join(dir, "a.pid"), "4711\n")
	if pid, err := RemoveStale(path, alive); pid != 0 || err != nil {
		t.Error(pid, err)
	}
	if _, err := RemoveStale(path, func(File) (bool, string, error) { return false, "", unix.EMFILE }); !errors.Is(err, unix.EMFILE) {
		t.Error(err)
	}
	only(t, dir, "a.pid")
	if pid, err := RemoveStale(path, dead); pid != 4711 || err != nil {
		t.Error(pid, err)
	}
	only(t, dir)
	if pid, err := RemoveStale(path, never); pid != 0 || err != nil {
		t.Error(pid, err)
	}
}

// The new instance writes its file while the old one's is removed: whatever the
// order, the new file stays.
func TestRemoveKeepsTheNewcomer(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.pid")
	for range 200 {
		put(t, path, "100\n")
		var wg sync.WaitGroup
		wg.Go(func() {
			put(t, path+".new", "200\n")
			must(t, os.Rename(path+".new", path))
		})
		wg.Go(func() {
			if _, err := Remove(path, 100); err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		if f, err := Read(path); err != nil || f.PID != 200 {
			t.Fatalf("%+v %v", f, err)
		}
	}
	only(t, dir, "a.pid")
}
