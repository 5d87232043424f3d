package archive

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/cortexlua/cortexlua/bindings/internal/files"
)

// TestDiskFull needs root: it mounts a small disk in a mount namespace. Making a
// backup, restoring one and packing a file must each leave what was there before.
func TestDiskFull(t *testing.T) {
	const key = "CORTEXLUA_TEST_SMALL_DISK"
	dir := os.Getenv(key)
	if dir == "" {
		if os.Geteuid() != 0 {
			t.Skip("needs root to mount a small disk")
		}
		cmd := exec.Command("unshare", "-m", os.Args[0], "-test.run=^TestDiskFull$", "-test.v")
		cmd.Env = append(os.Environ(), key+"="+t.TempDir())
		out, err := cmd.CombinedOutput()
		if err != nil && bytes.Contains(out, []byte("unshare failed")) {
			t.Skipf("no mount namespaces here: %s", out)
		}
		if err != nil || !bytes.Contains(out, []byte("--- PASS")) {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	must(t, unix.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"))
	defer unix.Unmount(dir, unix.MNT_DETACH)
	src := t.TempDir() + "/s"
	put(t, src+"/big", noise(4<<20))
	_, err := Create(t.Context(), dir+"/b.tar.gz", []Source{{Name: "state", Dir: src}}, CreateOptions{})
	wantIs(t, err, files.ErrNoSpace)
	_, err = GzipFile(t.Context(), src+"/big", dir+"/big.gz", 0)
	wantIs(t, err, files.ErrNoSpace)
	good, _ := backup(t, src)
	put(t, dir+"/live/f", "untouched")
	_, err = Restore(t.Context(), good, []Target{{Source: "state", Dir: dir + "/live"}}, "")
	wantIs(t, err, files.ErrNoSpace)
	_, err = Extract(t.Context(), good, dir+"/new", Limits{})
	wantIs(t, err, files.ErrNoSpace)
	list, err := os.ReadDir(dir)
	must(t, err)
	if data, _ := os.ReadFile(dir + "/live/f"); len(list) != 1 || string(data) != "untouched" {
		t.Errorf("left %v, live %q", list, data)
	}
}

// TestExchangeFallsBack takes the way of two renames, for file systems
// that cannot exchange.
func TestExchangeFallsBack(t *testing.T) {
	top := t.TempDir()
	put(t, top+"/new/f", "new")
	put(t, top+"/live/f", "old")
	must(t, exchangeByTwo(top+"/new", top+"/live", top+"/before"))
	for dir, want := range map[string]string{"live": "new", "before": "old"} {
		if data, _ := os.ReadFile(filepath.Join(top, dir, "f")); string(data) != want {
			t.Errorf("%s holds %q", dir, data)
		}
	}
	if err := exchangeByTwo(top+"/none", top+"/live", top+"/before2"); err == nil {
		t.Error("exchanged with nothing")
	}
	if data, _ := os.ReadFile(top + "/live/f"); string(data) != "new" {
		t.Error("a failed exchange did not put the tree back")
	}
}

// TestKilledRestore kills a restoring process at many moments: the target is
// wholly old or wholly new, and what is left is recognised.
func TestKilledRestore(t *testing.T) {
	const key = "CORTEXLUA_TEST_RESTORER"
	if top := os.Getenv(key); top != "" {
		os.Stdout.WriteString("go\n")
		_, err := Restore(t.Context(), top+"/b.tar.gz", []Target{{Source: "state", Dir: top + "/live"}}, "")
		must(t, err)
		return
	}
	top := t.TempDir()
	for i := range 40 {
		put(t, top+"/live/"+string(rune('a'+i%26))+string(rune('a'+i/26)), noise(2000))
	}
	_, err := Create(t.Context(), top+"/b.tar.gz", []Source{{Name: "state", Dir: top + "/live"}}, CreateOptions{})
	must(t, err)
	good := treeHash(t, top+"/live")
	for turn := range 12 {
		put(t, top+"/live/added", "later")
		put(t, top+"/live/aa", "changed")
		bad := treeHash(t, top+"/live")
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilledRestore$")
		cmd.Env = append(os.Environ(), key+"="+top)
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		out.Read(make([]byte, 3))
		for range turn * 200 { // more look-ups, a later kill; no clock needed
			os.Lstat(top)
		}
		must(t, cmd.Process.Kill())
		cmd.Wait()
		if now := treeHash(t, top+"/live"); now != good && now != bad {
			t.Fatalf("turn %d: the tree is neither old nor new", turn)
		}
		staged, before, err := Leftovers(top + "/live")
		must(t, err)
		for _, dir := range append(staged, before...) {
			must(t, os.RemoveAll(dir))
		}
		if list, _ := os.ReadDir(top); len(list) != 3 {
			t.Fatalf("turn %d: left behind: %v", turn, list)
		}
	}
}
