package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cortexlua/cortexlua/bindings/internal/files"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func put(t testing.TB, path, text string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, []byte(text), 0o644))
}

func wantIs(t *testing.T, err, kind error) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Fatalf("error %v, want one that is %q", err, kind)
	}
}

func treeHash(t *testing.T, dir string, exclude ...string) string {
	t.Helper()
	root, err := os.OpenRoot(dir)
	must(t, err)
	defer root.Close()
	sum, err := files.HashTree(t.Context(), root, ".", files.WalkOptions{Exclude: exclude})
	must(t, err)
	return sum
}

// noise is text that does not pack to nothing.
func noise(n int) string {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('a' + r.IntN(20))
	}
	return string(b)
}

// sample makes a tree with every kind of entry that a backup keeps.
func sample(t *testing.T) string {
	t.Helper()
	dir := t.TempDir() + "/state"
	for i := range 20 {
		put(t, fmt.Sprintf("%s/d%d/file %d.json", dir, i%4, i), noise(i*200))
	}
	put(t, dir+"/"+strings.Repeat("deep/", 30)+strings.Repeat("n", 120), "long name")
	put(t, dir+"/.hidden", "")
	must(t, os.Mkdir(dir+"/empty", 0o700))
	must(t, os.Symlink("../d1", dir+"/d0/link"))
	must(t, os.Symlink("/nowhere/absolute", dir+"/out"))
	must(t, os.Chmod(dir+"/d1/file 1.json", 0o4755))
	must(t, os.Chmod(dir+"/d2", 0o500))
	t.Cleanup(func() { os.Chmod(dir+"/d2", 0o700) })
	old := time.Unix(1_600_000_000, 123_456_789)
	must(t, os.Chtimes(dir+"/d3/file 3.json", old, old))
	return dir
}

func backup(t *testing.T, dir string) (string, Manifest) {
	t.Helper()
	dst := t.TempDir() + "/b.tar.gz"
	m, err := Create(t.Context(), dst, []Source{{Name: "state", Dir: dir}}, CreateOptions{Meta: map[string]string{"commit": "abc"}})
	must(t, err)
	return dst, m
}

func TestCreateVerifyExtract(t *testing.T) {
	dir := sample(t)
	must(t, unix.Mkfifo(dir+"/fifo", 0o600))
	dst, m := backup(t, dir)
	must(t, os.Remove(dir+"/fifo"))
	if !slices.Equal(m.Skipped, []string{"state/fifo"}) || len(m.Changed) != 0 || m.Meta["commit"] != "abc" {
		t.Errorf("manifest %+v", m)
	}
	v, err := Verify(t.Context(), dst)
	must(t, err)
	if len(v.Entries) != len(m.Entries) || v.Bytes() != m.Bytes() {
		t.Errorf("verified %d entries of %d", len(v.Entries), len(m.Entries))
	}
	if _, err := Extract(t.Context(), dst, t.TempDir(), Limits{}); !errors.Is(err, ErrUnsafe) {
		t.Errorf("a link that leads out was unpacked: %v", err)
	}
	must(t, os.Remove(dir+"/out"))
	dst, _ = backup(t, dir)
	to := t.TempDir() + "/new"
	_, err = Extract(t.Context(), dst, to, Limits{})
	must(t, err)
	must(t, os.Chmod(dir+"/d1/file 1.json", 0o755)) // set-id bits are not taken over
	if treeHash(t, to+"/state") != treeHash(t, dir) {
		t.Error("the unpacked tree differs")
	}
	must(t, os.Chmod(to+"/state/d2", 0o700))
	if _, err := Create(t.Context(), dst, []Source{{Name: "state", Dir: dir}}, CreateOptions{}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("an archive was replaced: %v", err)
	}
}

func TestTarReadsIt(t *testing.T) {
	if _, err := exec.LookPath("tar"); err != nil {
		t.Skip("no tar")
	}
	dir := sample(t)
	put(t, dir+"/big", noise(5<<20)) // several gzip members
	dst, m := backup(t, dir)
	out, err := exec.Command("tar", "tzf", dst).CombinedOutput()
	must(t, err)
	if n := strings.Count(string(out), "\n"); n != len(m.Entries)+1 {
		t.Errorf("tar lists %d entries, want %d", n, len(m.Entries)+1)
	}
}

// TestEveryFlipIsFound flips a bit at many places of both files.
func TestEveryFlipIsFound(t *testing.T) {
	dst, m := backup(t, sample(t))
	names := map[string]bool{manifestName: true, "": true}
	for _, e := range m.Entries {
		names[e.Path] = true
	}
	r := rand.New(rand.NewPCG(7, 7))
	for _, file := range []string{dst, dst + SidecarSuffix} {
		good, err := os.ReadFile(file)
		must(t, err)
		offsets := []int{0, 1, 2, 3, 4, 8, 9, 10, len(good) - 1, len(good) - 4, len(good) - 8}
		for range 250 {
			offsets = append(offsets, r.IntN(len(good)))
		}
		for _, off := range offsets {
			bad := bytes.Clone(good)
			bad[off] ^= 1 << r.IntN(8)
			must(t, os.WriteFile(file, bad, 0o600))
			_, err := Verify(t.Context(), dst)
			var e *Error
			if !errors.As(err, &e) || !errors.Is(err, ErrDamaged) || !names[e.Entry] {
				t.Fatalf("flip in byte %d of %s: %v", off, filepath.Base(file), err)
			}
		}
		must(t, os.WriteFile(file, good, 0o600))
	}
	_, err := Verify(t.Context(), dst)
	must(t, err)
}

func TestFirstBadFileIsNamed(t *testing.T) {
	dir := t.TempDir() + "/s"
	for i := range 8 {
		put(t, fmt.Sprintf("%s/f%d", dir, i), noise(700_000))
	}
	dst, _ := backup(t, dir)
	data, err := os.ReadFile(dst)
	must(t, err)
	data[len(data)*45/100] ^= 0x10 // inside f3 by the sizes
	must(t, os.WriteFile(dst, data, 0o600))
	_, err = Verify(t.Context(), dst)
	var e *Error
	if !errors.As(err, &e) || !strings.HasPrefix(e.Entry, "state/f") || e.Entry == "state/f0" || e.Entry == "state/f7" {
		t.Errorf("named %v", err)
	}
}

func TestEveryTruncationIsFound(t *testing.T) {
	dst, _ := backup(t, sample(t))
	target := t.TempDir() + "/t"
	put(t, target+"/live", "untouched")
	for _, file := range []string{dst, dst + SidecarSuffix} {
		good, err := os.ReadFile(file)
		must(t, err)
		for i := range 60 {
			must(t, os.WriteFile(file, good[:len(good)*i/60], 0o600))
			if _, err := Verify(t.Context(), dst); !errors.Is(err, ErrDamaged) {
				t.Fatalf("%s cut to %d/60: %v", filepath.Base(file), i, err)
			}
			if _, err := Restore(t.Context(), dst, []Target{{Source: "state", Dir: target}}, ""); !errors.Is(err, ErrDamaged) {
				t.Fatalf("restored from %s cut to %d/60: %v", filepath.Base(file), i, err)
			}
		}
		must(t, os.WriteFile(file, append(good, 0), 0o600))
		if _, err := Verify(t.Context(), dst); !errors.Is(err, ErrDamaged) {
			t.Fatalf("a byte more in %s: %v", filepath.Base(file), err)
		}
		must(t, os.WriteFile(file, good, 0o600))
	}
	if list, _ := os.ReadDir(filepath.Dir(target)); len(list) != 1 {
		t.Errorf("left behind: %v", list)
	}
	if data, _ := os.ReadFile(target + "/live"); string(data) != "untouched" {
		t.Error("a refused restore changed the target")
	}
	must(t, os.Remove(dst+SidecarSuffix))
	_, err := Verify(t.Context(), dst)
	wantIs(t, err, ErrNoManifest)
	_, err = Verify(t.Context(), dst+".none")
	wantIs(t, err, fs.ErrNotExist)
}

func TestRestoreIsExact(t *testing.T) {
	dir := sample(t)
	put(t, dir+"/backups/old.tar", "as backed up")
	want := treeHash(t, dir, "backups")
	dst, _ := backup(t, dir)

	damage := func() {
		put(t, dir+"/d0/added", "by the upgrade")
		put(t, dir+"/d0/file 0.json", "changed")
		must(t, os.Remove(dir+"/d3/file 3.json"))
		must(t, os.Remove(dir+"/out"))
		must(t, os.Chmod(dir+"/d1/file 1.json", 0o600))
		put(t, dir+"/backups/old.tar", "newer")
		put(t, dir+"/backups/sub/new.tar", "newer")
	}
	damage()
	damaged := treeHash(t, dir)
	live, err := os.OpenFile(dir+"/backups/old.tar", os.O_APPEND|os.O_WRONLY, 0)
	must(t, err)
	defer live.Close()

	h, err := Restore(t.Context(), dst, []Target{{Source: "state", Dir: dir, Preserve: []string{"backups", "none"}}}, "01J")
	must(t, err)
	if treeHash(t, dir, "backups") != want {
		t.Error("the restored tree differs")
	}
	fi, err := os.Lstat(dir + "/d3/file 3.json")
	must(t, err)
	if fi.ModTime().Nanosecond() != 123_456_789 {
		t.Errorf("time %v", fi.ModTime())
	}
	fmt.Fprint(live, " and written on")
	if data, _ := os.ReadFile(dir + "/backups/old.tar"); string(data) != "newer and written on" {
		t.Errorf("preserved file %q", data)
	}
	must(t, os.WriteFile(dir+"/backups/old.tar", []byte("newer"), 0o644))
	if _, before, _ := Leftovers(dir); len(before) != 1 || before[0] != dir+".before-01J" {
		t.Errorf("before: %v", before)
	}

	must(t, h.Revert(t.Context()))
	if treeHash(t, dir) != damaged {
		t.Error("the reverted tree differs")
	}
	must(t, h.Revert(t.Context()))
	h, err = Restore(t.Context(), dst, []Target{{Source: "state", Dir: dir}}, "")
	must(t, err)
	must(t, h.Commit(t.Context()))
	must(t, h.Commit(t.Context()))
	wantIs(t, h.Revert(t.Context()), fs.ErrNotExist)
	if treeHash(t, dir, "backups") != want {
		t.Error("the second restore differs")
	}
	if list, _ := os.ReadDir(filepath.Dir(dir)); len(list) != 1 {
		t.Errorf("left behind: %v", list)
	}
}

func TestRestoreSeveralAndMissing(t *testing.T) {
	top := t.TempDir()
	put(t, top+"/a/f", "a")
	put(t, top+"/b/f", "b")
	dst := top + "/x.tar.gz"
	_, err := Create(t.Context(), dst, []Source{{Name: "a", Dir: top + "/a"}, {Name: "b", Dir: top + "/b"}, {Name: "c", Dir: top + "/c", Optional: true}}, CreateOptions{})
	must(t, err)
	must(t, os.RemoveAll(top+"/b"))
	put(t, top+"/a/f", "changed")
	_, err = Restore(t.Context(), dst, []Target{{Source: "a", Dir: top + "/a"}, {Source: "c", Dir: top + "/c"}}, "")
	wantIs(t, err, ErrNoSource)
	if staged, before, _ := Leftovers(top + "/a"); len(staged)+len(before) != 0 {
		t.Errorf("left behind: %v %v", staged, before)
	}
	h, err := Restore(t.Context(), dst, []Target{{Source: "a", Dir: top + "/a"}, {Source: "b", Dir: top + "/b"}}, "")
	must(t, err)
	for _, n := range []string{"a", "b"} {
		if data, _ := os.ReadFile(top + "/" + n + "/f"); string(data) != n {
			t.Errorf("%s holds %q", n, data)
		}
	}
	must(t, h.Revert(t.Context()))
	if _, err := os.Lstat(top + "/b"); !errors.Is(err, fs.ErrNotExist) {
		t.Error("what was not there before stayed")
	}
	if data, _ := os.ReadFile(top + "/a/f"); string(data) != "changed" {
		t.Errorf("a holds %q", data)
	}
}

// TestFailedExchangeIsTakenBack: the preserved path of the second target cannot
// be carried over, so the first must come back too.
func TestFailedExchangeIsTakenBack(t *testing.T) {
	top := t.TempDir()
	put(t, top+"/a/f", "a")
	put(t, top+"/b/f", "b")
	put(t, top+"/b/p", "a file in the backup, a directory now")
	dst := t.TempDir() + "/x.tar.gz"
	_, err := Create(t.Context(), dst, []Source{{Name: "a", Dir: top + "/a"}, {Name: "b", Dir: top + "/b"}}, CreateOptions{})
	must(t, err)
	must(t, os.Remove(top+"/b/p"))
	put(t, top+"/b/p/q/live", "now")
	put(t, top+"/a/f", "now")
	before := treeHash(t, top)
	_, err = Restore(t.Context(), dst, []Target{{Source: "a", Dir: top + "/a"}, {Source: "b", Dir: top + "/b", Preserve: []string{"f", "p/q"}}}, "")
	if err == nil {
		t.Fatal("a directory was made below a file")
	}
	if treeHash(t, top) != before {
		t.Error("the failed restore left something changed")
	}
}

func TestChangingFilesAreTold(t *testing.T) {
	dir := t.TempDir() + "/s"
	put(t, dir+"/quiet", "q")
	put(t, dir+"/busy", noise(1<<20))
	stop, ended := make(chan struct{}), make(chan struct{})
	f, err := os.OpenFile(dir+"/busy", os.O_APPEND|os.O_WRONLY, 0)
	must(t, err)
	defer f.Close()
	go func() {
		defer close(ended)
		for {
			select {
			case <-stop:
				return
			default:
				f.WriteString("more\n")
			}
		}
	}()
	dst := t.TempDir() + "/b.tar.gz"
	var m Manifest
	// The writer may not get a processor while a file is read: try again.
	for try := 0; try < 200 && len(m.Changed) == 0 && err == nil; try++ {
		os.Remove(dst)
		os.Remove(dst + SidecarSuffix)
		m, err = Create(t.Context(), dst, []Source{{Name: "s", Dir: dir}}, CreateOptions{})
	}
	must(t, err)
	for try := 0; try < 200 && err == nil; try++ {
		os.Remove(dst + "2")
		os.Remove(dst + "2" + SidecarSuffix)
		_, err = Create(t.Context(), dst+"2", []Source{{Name: "s", Dir: dir}}, CreateOptions{FailOnChange: true})
	}
	close(stop)
	<-ended
	wantIs(t, err, ErrChanged)
	if !slices.Equal(m.Changed, []string{"s/busy"}) {
		t.Errorf("changed %v", m.Changed)
	}
	_, err = Verify(t.Context(), dst)
	must(t, err)
	if list, _ := os.ReadDir(filepath.Dir(dst)); len(list) != 2 {
		t.Errorf("left behind: %v", list)
	}
}

func TestCancel(t *testing.T) {
	dir := t.TempDir() + "/s"
	put(t, dir+"/f", noise(1<<20))
	dst, _ := backup(t, dir)
	stop := errors.New("the operator stopped it")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stop)
	_, err := Verify(ctx, dst)
	wantIs(t, err, stop)
	if errors.Is(err, ErrDamaged) {
		t.Error("a cancelled check calls the archive damaged")
	}
	_, err = Create(ctx, dst+".new", []Source{{Name: "s", Dir: dir}}, CreateOptions{})
	wantIs(t, err, stop)
	_, err = Restore(ctx, dst, []Target{{Source: "state", Dir: dir}}, "")
	wantIs(t, err, stop)
	_, err = GzipFile(ctx, dir+"/f", dir+"/f.gz", 0)
	wantIs(t, err, stop)
	for _, d := range []string{filepath.Dir(dst), filepath.Dir(dir)} {
		list, _ := os.ReadDir(d)
		for _, e := range list {
			if files.IsTemp(e.Name()) || strings.Contains(e.Name(), ".restore-") {
				t.Errorf("left behind: %s", e.Name())
			}
		}
	}
}
