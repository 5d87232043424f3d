package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func newRoots(t *testing.T) (*Roots, string) {
	t.Helper()
	home := t.TempDir()
	logs := filepath.Join(home, "agents", "logs")
	must(t, os.MkdirAll(logs, 0o755))
	r, err := NewRoots([]Root{{"home", home}, {"logs", logs}})
	must(t, err)
	t.Cleanup(func() { must(t, r.Close()) })
	return r, home
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func put(t *testing.T, path, text string) {
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

func noTemps(t *testing.T, dir string) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && IsTemp(d.Name()) {
			t.Errorf("temporary file left: %s", p)
		}
		return err
	}))
}

func TestLocateTakesTheLongestRoot(t *testing.T) {
	r, home := newRoots(t)
	for path, want := range map[string]string{
		"x":                                 "home:x",
		".":                                 "home:.",
		"agents/logs/a.log":                 "logs:a.log",
		home + "/agents/logs":               "logs:.",
		home + "/agents/logsx":              "home:agents/logsx",
		home + "/agents/logs/../../a":       "home:a",
		"agents/../agents//logs/./sub/../z": "logs:z",
	} {
		name, rel, _, err := r.Locate(path)
		must(t, err)
		if got := name + ":" + rel; got != want {
			t.Errorf("%s is in %s, want %s", path, got, want)
		}
	}
}

func TestOutsideIsRefused(t *testing.T) {
	r, home := newRoots(t)
	outside := t.TempDir()
	put(t, outside+"/secret", "s")
	must(t, os.Symlink(outside, home+"/out"))
	must(t, os.Symlink("../../../../../../etc/passwd", home+"/pw"))
	for _, path := range []string{"/etc/passwd", "../x", home + "x", "a/../../b", "out/secret", "pw"} {
		_, err := r.Read(path, 0)
		var oe *OutsideError
		if !errors.As(err, &oe) {
			t.Errorf("read of %s gave %v, want *OutsideError", path, err)
		}
	}
	if err := r.WriteAtomic("out/new", []byte("x"), WriteOptions{}); err == nil {
		t.Error("a write through a link that leads out went well")
	}
	if _, err := r.Read("a\x00b", 0); err == nil {
		t.Error("a zero byte in a path was taken")
	}
	must(t, r.Remove("out")) // the link itself may go
	if _, err := os.Stat(outside + "/secret"); err != nil {
		t.Error("removing a link removed what it leads to")
	}
}

func TestRealNameOfALinkedRootIsInside(t *testing.T) {
	real := t.TempDir()
	link := filepath.Join(t.TempDir(), "home")
	must(t, os.Symlink(real, link))
	r, err := NewRoots([]Root{{"home", link}})
	must(t, err)
	defer r.Close()
	put(t, real+"/f", "1")
	for _, p := range []string{"f", link + "/f", real + "/f"} {
		if _, err := r.Read(p, 0); err != nil {
			t.Errorf("%s: %v", p, err)
		}
	}
	if err := r.RemoveTree(context.Background(), real); !errors.Is(err, ErrHoldsRoot) {
		t.Errorf("the root under its real name: %v", err)
	}
}

func TestARootThatIsSwappedIsReopened(t *testing.T) {
	base := t.TempDir()
	dir := base + "/state"
	put(t, dir+"/f", "old")
	r, err := NewRoots([]Root{{"home", dir}})
	must(t, err)
	defer r.Close()
	_, err = r.Read("f", 0)
	must(t, err)
	must(t, os.Rename(dir, base+"/gone"))
	put(t, dir+"/f", "new")
	got, err := r.Read("f", 0)
	must(t, err)
	if string(got) != "new" {
		t.Errorf("read %q from the directory that was moved away", got)
	}
}

func TestReadRefusesWhatIsNoFile(t *testing.T) {
	r, home := newRoots(t)
	must(t, unix.Mkfifo(home+"/fifo", 0o600))
	put(t, home+"/big", strings.Repeat("x", 100))
	for path, kind := range map[string]error{
		"fifo": ErrNotRegular, "agents": ErrIsDir, "none": fs.ErrNotExist, "big": ErrTooLarge,
		strings.Repeat("n", 300): ErrNameTooLong, "big/x": ErrNotDir,
	} {
		_, err := r.Read(path, 99)
		wantIs(t, err, kind)
		if !strings.HasPrefix(err.Error(), "cannot read "+home) {
			t.Errorf("the message does not name the file: %v", err)
		}
	}
	if data, err := r.Read("big", 100); err != nil || len(data) != 100 {
		t.Errorf("a file of just the limit: %d bytes, %v", len(data), err)
	}
	wantIs(t, r.WriteAtomic("fifo", nil, WriteOptions{}), ErrNotRegular)
	wantIs(t, r.Append("fifo", []byte("x"), WriteOptions{}), ErrNotRegular)
}

func TestWriteAtomic(t *testing.T) {
	r, home := newRoots(t)
	long := strings.Repeat("n", 255)
	must(t, r.WriteAtomic(long, []byte("x"), WriteOptions{Mode: 0o640}))
	must(t, os.Chmod(home+"/"+long, 0o755))
	must(t, r.WriteAtomic(long, []byte("second"), WriteOptions{Mode: 0o600}))
	info, err := r.Stat(long, false)
	must(t, err)
	if info.Mode != 0o755 || info.Size != 6 {
		t.Errorf("mode %o size %d, want the old mode 755 and 6", info.Mode, info.Size)
	}
	wantIs(t, r.WriteAtomic(long, nil, WriteOptions{Fresh: true}), fs.ErrExist)
	must(t, os.Symlink(long, home+"/link"))
	wantIs(t, r.WriteAtomic("link", nil, WriteOptions{}), ErrLink)
	wantIs(t, r.WriteAtomic("agents", nil, WriteOptions{}), ErrIsDir)
	wantIs(t, r.WriteAtomic("none/x", nil, WriteOptions{}), fs.ErrNotExist)
	noTemps(t, home)
}

func TestReadersNeverSeeAPart(t *testing.T) {
	r, _ := newRoots(t)
	a, b := bytes.Repeat([]byte("a"), 70000), bytes.Repeat([]byte("b"), 50000)
	must(t, r.WriteAtomic("f", a, WriteOptions{NoSync: true}))
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range 200 {
			data := a
			if i%2 == 0 {
				data = b
			}
			if err := r.WriteAtomic("f", data, WriteOptions{NoSync: true}); err != nil {
				t.Error(err)
			}
		}
	})
	for range 400 {
		got, err := r.Read("f", 0)
		if err != nil || !(bytes.Equal(got, a) || bytes.Equal(got, b)) {
			t.Fatalf("read %d bytes, %v", len(got), err)
		}
	}
	wg.Wait()
}

func TestAppendAndTail(t *testing.T) {
	r, home := newRoots(t)
	for i := range 5 {
		must(t, r.Append("agents/logs/w.log", fmt.Appendf(nil, "line %d\n", i), WriteOptions{}))
	}
	tl, err := r.Tail("agents/logs/w.log", 2)
	must(t, err)
	if got := strings.Join(tl.Lines, "|"); got != "line 3|line 4" || tl.Clipped {
		t.Errorf("tail %q clipped %v", got, tl.Clipped)
	}
	put(t, home+"/nl", "a\n\nlast without end")
	tl, err = r.Tail("nl", 10)
	must(t, err)
	if got := strings.Join(tl.Lines, "|"); got != "a||last without end" || tl.Clipped {
		t.Errorf("tail %q", got)
	}
	put(t, home+"/long", strings.Repeat("z", 6<<20)+"\nend\n")
	tl, err = r.Tail("long", 2)
	must(t, err)
	if len(tl.Lines) != 2 || tl.Lines[1] != "end" || len(tl.Lines[0]) != DefaultTailLine || !tl.Clipped {
		t.Errorf("a line of 6 MB: %d lines, clipped %v", len(tl.Lines), tl.Clipped)
	}
	put(t, home+"/empty", "")
	if tl, err = r.Tail("empty", 3); err != nil || len(tl.Lines) != 0 {
		t.Errorf("empty: %v %v", tl, err)
	}
}

// TestTailIsRight compares with the whole file at every length around a block.
func TestTailIsRight(t *testing.T) {
	r, home := newRoots(t)
	for _, pad := range []int{0, 1, 7, tailBlock - 9, tailBlock - 8, tailBlock, tailBlock + 1, 3*tailBlock + 5} {
		var text strings.Builder
		for i := 0; text.Len() < pad; i++ {
			fmt.Fprintf(&text, "line %d of it\n", i)
		}
		put(t, home+"/f", text.String())
		all := strings.Split(strings.TrimSuffix(text.String(), "\n"), "\n")
		if text.Len() == 0 {
			all = nil
		}
		for _, n := range []int{1, 2, 50, 100000} {
			tl, err := r.Tail("f", n)
			must(t, err)
			want := all[max(0, len(all)-n):]
			if strings.Join(tl.Lines, "\n") != strings.Join(want, "\n") {
				t.Fatalf("pad %d, last %d: %d lines, want %d", pad, n, len(tl.Lines), len(want))
			}
		}
	}
}

func TestRemoveNeverTakesARoot(t *testing.T) {
	r, home := newRoots(t)
	ctx := context.Background()
	for _, p := range []string{".", home, "agents", "agents/logs"} {
		wantIs(t, r.RemoveTree(ctx, p), ErrHoldsRoot)
		wantIs(t, r.Remove(p), ErrHoldsRoot)
		wantIs(t, r.Rename(ctx, p, "elsewhere", RenameOptions{}), ErrHoldsRoot)
	}
	put(t, home+"/real/f", "x")
	must(t, os.Symlink("real", home+"/alias"))
	wantIs(t, r.Remove("alias/f"), ErrLink)
	wantIs(t, r.RemoveTree(ctx, "alias/f"), ErrLink)
	must(t, r.RemoveTree(ctx, "alias"))
	if _, err := os.Stat(home + "/real/f"); err != nil {
		t.Error("removing the link took the tree")
	}
	wantIs(t, r.Remove("real"), ErrNotEmpty)
	must(t, r.RemoveTree(ctx, "real"))
	must(t, r.RemoveTree(ctx, "real"))
	wantIs(t, r.Remove("real"), fs.ErrNotExist)
}

func TestRename(t *testing.T) {
	r, home := newRoots(t)
	ctx := context.Background()
	put(t, home+"/a", "a")
	put(t, home+"/b", "b")
	wantIs(t, r.Rename(ctx, "a", "b", RenameOptions{}), fs.ErrExist)
	must(t, r.Rename(ctx, "a", "b", RenameOptions{Replace: true}))
	must(t, r.Rename(ctx, "b", "agents/logs/b", RenameOptions{}))
	got, err := r.Read("agents/logs/b", 0)
	must(t, err)
	if string(got) != "a" {
		t.Errorf("moved content %q", got)
	}
	wantIs(t, r.Rename(ctx, "b", "c", RenameOptions{}), fs.ErrNotExist)
	must(t, os.Mkdir(home+"/d", 0o755))
	if err := r.Rename(ctx, "d", "d/e", RenameOptions{}); err == nil {
		t.Error("a directory went into itself")
	}
}

// TestRenameAcrossFileSystems needs /dev/shm to be another file system.
func TestRenameAcrossFileSystems(t *testing.T) {
	shm, err := os.MkdirTemp("/dev/shm", "cortexlua-test-")
	if err != nil {
		t.Skip("no /dev/shm:", err)
	}
	defer os.RemoveAll(shm)
	home := t.TempDir()
	r, err := NewRoots([]Root{{"home", home}, {"shm", shm}})
	must(t, err)
	defer r.Close()
	put(t, home+"/tree/sub/f", "data")
	before, err := r.TreeHash(context.Background(), "tree", WalkOptions{})
	must(t, err)
	must(t, r.Rename(context.Background(), "tree", shm+"/tree", RenameOptions{}))
	after, err := r.TreeHash(context.Background(), shm+"/tree", WalkOptions{})
	must(t, err)
	if before != after {
		t.Error("the tree changed on its way")
	}
	if ok, _ := r.Exists("tree"); ok {
		t.Error("the source is still there")
	}
}

func TestMkdirMakesAMissingRoot(t *testing.T) {
	home := t.TempDir()
	r, err := NewRoots([]Root{{"home", home}, {"run", home + "/var/run"}})
	must(t, err)
	defer r.Close()
	_, err = r.Stat("var/run/x", false)
	wantIs(t, err, fs.ErrNotExist)
	must(t, r.Mkdir("var/run/sub", 0o700, true))
	must(t, r.Mkdir("var/run/sub", 0o700, true))
	wantIs(t, r.Mkdir("var/run/sub", 0o700, false), fs.ErrExist)
	put(t, home+"/file", "")
	wantIs(t, r.Mkdir("file/x", 0, true), ErrNotDir)
	d, err := r.TempDir("var/run", "job-")
	must(t, err)
	if info, _ := r.Stat(d, false); info.Mode != 0o700 || info.Type != TypeDir {
		t.Errorf("temporary directory: %+v", info)
	}
}

func TestCopyTree(t *testing.T) {
	r, home := newRoots(t)
	ctx := context.Background()
	for i := range 30 {
		put(t, fmt.Sprintf("%s/src/d%d/f%d", home, i%5, i), strings.Repeat("x", i*1000))
	}
	must(t, os.Chmod(home+"/src/d1", 0o500))
	must(t, os.Chmod(home+"/src/d0/f0", 0o755))
	must(t, os.Symlink("../d1", home+"/src/d0/link"))
	must(t, os.Link(home+"/src/d2/f2", home+"/src/d3/same"))
	old := time.Unix(1_600_000_000, 123456789)
	must(t, os.Chtimes(home+"/src/d2", old, old))
	put(t, home+"/src/skip/me", "no")
	done, err := r.CopyTree(ctx, "src", "dst", CopyOptions{Exclude: []string{"skip"}, Sync: true})
	must(t, err)
	if done.Files != 31 || done.Dirs != 6 || done.Links != 1 {
		t.Errorf("copied %+v", done)
	}
	a, err := r.TreeHash(ctx, "src", WalkOptions{Exclude: []string{"skip"}})
	must(t, err)
	b, err := r.TreeHash(ctx, "dst", WalkOptions{})
	must(t, err)
	if a != b {
		t.Error("the copy differs")
	}
	x, _ := r.Stat("dst/d2/f2", false)
	y, _ := r.Stat("dst/d3/same", false)
	d, _ := r.Stat("dst/d2", false)
	if x.Inode != y.Inode || !d.ModTime.Equal(old) {
		t.Errorf("several names %v, time %v", x.Inode == y.Inode, d.ModTime)
	}
	_, err = r.CopyTree(ctx, "src", "dst", CopyOptions{})
	wantIs(t, err, fs.ErrExist)
	must(t, unix.Mkfifo(home+"/src/fifo", 0o600))
	_, err = r.CopyTree(ctx, "src", "dst2", CopyOptions{})
	wantIs(t, err, ErrNotRegular)
	if ok, _ := r.Exists("dst2"); ok {
		t.Error("half a copy was left")
	}
	done, err = r.CopyTree(ctx, "src", "dst2", CopyOptions{Special: SkipSpecial})
	must(t, err)
	if len(done.Skipped) != 1 {
		t.Errorf("skipped %v", done.Skipped)
	}
	gone, cancel := context.WithCancelCause(ctx)
	stop := errors.New("stopped by the test")
	cancel(stop)
	_, err = r.CopyTree(gone, "src", "dst3", CopyOptions{})
	wantIs(t, err, stop)
	must(t, os.Chmod(home+"/src/d1", 0o700))
	must(t, os.Chmod(home+"/dst/d1", 0o700))
	must(t, os.Chmod(home+"/dst2/d1", 0o700))
	noTemps(t, home)
}

func TestWalkBoundsAndGlob(t *testing.T) {
	r, home := newRoots(t)
	ctx := context.Background()
	for _, f := range []string{"a.log", ".hidden.log", "x/b.log", "x/y/c.log", "x/y/c.txt"} {
		put(t, home+"/w/"+f, "1")
	}
	must(t, os.Symlink("..", home+"/w/x/loop"))
	err := r.Walk(ctx, "w", WalkOptions{MaxEntries: 3}, func(Entry) error { return nil })
	wantIs(t, err, ErrTooMany)
	var seen []string
	must(t, r.Walk(ctx, "w", WalkOptions{Exclude: []string{"x/y"}}, func(e Entry) error {
		seen = append(seen, e.Rel)
		return nil
	}))
	if got := strings.Join(seen, " "); got != ". .hidden.log a.log x x/b.log x/loop" {
		t.Errorf("walked %s", got)
	}
	for pattern, want := range map[string]string{
		"w/*.log": "a.log", "w/**/*.log": "a.log x/b.log x/y/c.log", "w/*/?.log": "x/b.log",
		"w/.*.log": ".hidden.log", "w/a.log": "a.log", "w/none*": "", "none/*": "", "w/[ab]*": "a.log",
	} {
		got, err := r.Glob(ctx, pattern, WalkOptions{})
		must(t, err)
		for i := range got {
			got[i] = strings.TrimPrefix(got[i], home+"/w/")
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s gave %q, want %q", pattern, s, want)
		}
	}
	if _, err := r.Glob(ctx, "w/[", WalkOptions{}); err == nil {
		t.Error("a malformed pattern was taken")
	}
	u, err := r.DiskUsage(ctx, "w", WalkOptions{})
	must(t, err)
	if u.Dirs != 3 || u.Files != 6 {
		t.Errorf("usage %+v", u)
	}
	sp, err := r.DiskFree("w/none/at/all")
	must(t, err)
	if sp.Total <= 0 || sp.Free <= 0 || sp.Free > sp.Total {
		t.Errorf("space %+v", sp)
	}
}

func TestLinkStaysInside(t *testing.T) {
	for _, c := range []struct {
		rel, target string
		want        bool
	}{
		{"a/b", "../c", true}, {"a/b", "../../c", false}, {"a", "b", true}, {"a", "..", false}, {"a/b", "..", true},
		{"a/b/c", "../../x/../../y", false}, {"a", "/etc", false}, {"a", "", false}, {"a/b/c", "../../x/../y", true},
	} {
		if got := LinkStaysInside(c.rel, c.target); got != c.want {
			t.Errorf("%s -> %s: %v", c.rel, c.target, got)
		}
	}
}

func TestWaitSeesEveryKindOfChange(t *testing.T) {
	for name, change := range map[string]func(path string) error{
		"made":     func(p string) error { return os.WriteFile(p, []byte("ready"), 0o644) },
		"replaced": func(p string) error { os.WriteFile(p+".new", []byte("ready"), 0o644); return os.Rename(p+".new", p) },
		"appended": func(p string) error {
			os.WriteFile(p, []byte("rea"), 0o644)
			f, err := os.OpenFile(p, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			defer f.Close()
			_, err = f.WriteString("dy")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, home := newRoots(t)
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			defer cancel()
			looked := make(chan struct{})
			var once sync.Once
			go func() {
				<-looked
				os.MkdirAll(home+"/deep/er", 0o755)
				if err := change(home + "/deep/er/state"); err != nil {
					t.Error(err)
				}
			}()
			must(t, r.Wait(ctx, []string{"deep/er/state"}, func() (bool, error) {
				defer once.Do(func() { close(looked) })
				data, err := r.Read("deep/er/state", 0)
				return string(data) == "ready", ignoreMissing(err)
			}))
		})
	}
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func TestWaitEnds(t *testing.T) {
	r, _ := newRoots(t)
	stop := errors.New("deadline of the step")
	ctx, cancel := context.WithTimeoutCause(context.Background(), 30*time.Millisecond, stop)
	defer cancel()
	wantIs(t, r.Wait(ctx, []string{"never"}, func() (bool, error) { return false, nil }), stop)
	bad := errors.New("bad")
	wantIs(t, r.Wait(context.Background(), []string{"x"}, func() (bool, error) { return false, bad }), bad)
	if err := r.Wait(context.Background(), []string{"/etc/x"}, nil); err == nil {
		t.Error("a wait outside the roots began")
	}
}
