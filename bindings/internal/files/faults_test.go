package files

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// inMountNamespace runs the calling test again in a mount namespace of its own
// with a tmpfs of that size, and says whether this is that second run. It needs
// root and skips with the reason otherwise.
func inMountNamespace(t *testing.T, size string) (dir string, here bool) {
	t.Helper()
	const key = "CORTEXLUA_TEST_SMALL_DISK"
	if dir := os.Getenv(key); dir != "" {
		must(t, unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+size))
		t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
		return dir, true
	}
	if os.Geteuid() != 0 {
		t.Skip("needs root to mount a small disk")
	}
	cmd := exec.Command("unshare", "-m", os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), key+"="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if err != nil && bytes.Contains(out, []byte("unshare failed")) {
		t.Skipf("no mount namespaces here: %s", out)
	}
	if err != nil || !bytes.Contains(out, []byte("--- PASS")) {
		t.Fatalf("%v\n%s", err, out)
	}
	return "", false
}

// TestDiskFull needs root.
func TestDiskFull(t *testing.T) {
	dir, here := inMountNamespace(t, "1m")
	if !here {
		return
	}
	r, err := NewRoots([]Root{{"home", dir}})
	must(t, err)
	defer r.Close()
	must(t, r.WriteAtomic("state", []byte("old"), WriteOptions{}))
	big := make([]byte, 2<<20)
	err = r.WriteAtomic("state", big, WriteOptions{})
	wantIs(t, err, ErrNoSpace)
	if !errors.Is(err, unix.ENOSPC) || !strings.Contains(err.Error(), dir+"/state: no space left") {
		t.Errorf("%v", err)
	}
	if data, _ := r.Read("state", 0); string(data) != "old" {
		t.Errorf("the old content is gone: %d bytes", len(data))
	}
	wantIs(t, r.Append("log", big, WriteOptions{}), ErrNoSpace)
	must(t, r.Remove("log"))
	must(t, r.Mkdir("tree", 0, true))
	must(t, os.WriteFile(dir+"/tree/f", make([]byte, 600<<10), 0o600))
	_, err = r.CopyTree(context.Background(), "tree", "copy", CopyOptions{})
	wantIs(t, err, ErrNoSpace)
	if ok, _ := r.Exists("copy"); ok {
		t.Error("half a copy was left")
	}
	noTemps(t, dir)
}

// TestReadOnly needs root.
func TestReadOnly(t *testing.T) {
	dir, here := inMountNamespace(t, "1m")
	if !here {
		return
	}
	put(t, dir+"/f", "old")
	must(t, unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""))
	r, err := NewRoots([]Root{{"home", dir}})
	must(t, err)
	defer r.Close()
	wantIs(t, r.WriteAtomic("f", nil, WriteOptions{}), ErrReadOnly)
	wantIs(t, r.Remove("f"), ErrReadOnly)
	wantIs(t, r.Mkdir("d", 0, false), ErrReadOnly)
	if data, err := r.Read("f", 0); err != nil || string(data) != "old" {
		t.Errorf("%q %v", data, err)
	}
	if sp, err := r.DiskFree("."); err != nil || !sp.ReadOnly {
		t.Errorf("%+v %v", sp, err)
	}
}

// TestDenied drops to another user where the tests run as root, since nothing is
// denied to root.
func TestDenied(t *testing.T) {
	if os.Geteuid() == 0 {
		if os.Getenv("CORTEXLUA_TEST_USER") != "" {
			t.Fatal("still root")
		}
		exe := t.TempDir() + "/test"
		for dir := filepath.Dir(exe); dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
			must(t, os.Chmod(dir, 0o777))
		}
		data, err := os.ReadFile(os.Args[0])
		must(t, err)
		must(t, os.WriteFile(exe, data, 0o755))
		cmd := exec.Command(exe, "-test.run=^TestDenied$", "-test.v")
		cmd.Dir = "/"
		cmd.Env = []string{"TMPDIR=" + filepath.Dir(exe), "CORTEXLUA_TEST_USER=1"}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	r, home := newRoots(t)
	put(t, home+"/shut/f", "x")
	must(t, os.Chmod(home+"/shut/f", 0))
	must(t, os.Chmod(home+"/shut", 0o500))
	defer os.Chmod(home+"/shut", 0o700)
	for _, err := range []error{
		func() error { _, err := r.Read("shut/f", 0); return err }(),
		r.WriteAtomic("shut/new", nil, WriteOptions{}), r.Remove("shut/f"),
		func() error { _, err := r.CopyTree(t.Context(), "shut", "copy", CopyOptions{}); return err }(),
	} {
		if !errors.Is(err, os.ErrPermission) || !strings.Contains(err.Error(), "permission denied") || !strings.Contains(err.Error(), home+"/shut") {
			t.Errorf("%v", err)
		}
	}
}

// TestSwappedLinksDoNotLeadOut changes a directory for a link to the outside and
// back, all the time, while every operation is tried on it.
func TestSwappedLinksDoNotLeadOut(t *testing.T) {
	r, home := newRoots(t)
	outside := t.TempDir()
	put(t, outside+"/f", "outside")
	put(t, outside+"/sub/g", "outside")
	put(t, home+"/real/f", "inside")
	must(t, os.Symlink(outside, home+"/evil"))
	must(t, os.Rename(home+"/real", home+"/d"))
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				unix.Renameat2(unix.AT_FDCWD, home+"/d", unix.AT_FDCWD, home+"/evil", unix.RENAME_EXCHANGE)
			}
		}
	})
	ctx := context.Background()
	for range 300 {
		if data, err := r.Read("d/f", 0); err == nil && string(data) == "outside" {
			t.Error("read a file outside")
		}
		r.WriteAtomic("d/f", []byte("inside"), WriteOptions{NoSync: true})
		r.Append("d/log", []byte("x"), WriteOptions{NoSync: true})
		r.Mkdir("d/new", 0, true)
		r.Remove("d/log")
		r.Rename(ctx, "d/new", "d/newer", RenameOptions{Replace: true})
		r.RemoveTree(ctx, "d/sub")
		r.Chmod("d/f", 0o600)
		r.Walk(ctx, "d", WalkOptions{}, func(e Entry) error {
			if e.Name == "g" {
				t.Error("the walk went outside")
			}
			return nil
		})
		if _, err := r.CopyTree(ctx, "d", "copy", CopyOptions{}); err == nil {
			if _, err := os.Stat(home + "/copy/sub"); err == nil {
				if fi, _ := os.Lstat(home + "/copy"); fi.IsDir() {
					t.Error("a tree outside was copied")
				}
			}
			r.RemoveTree(ctx, "copy")
		}
	}
	close(stop)
	wg.Wait()
	var left []string
	must(t, filepath.WalkDir(outside, func(p string, _ os.DirEntry, err error) error {
		left = append(left, strings.TrimPrefix(p, outside))
		return err
	}))
	if got := strings.Join(left, " "); got != " /f /sub /sub/g" {
		t.Errorf("outside there is now %q", got)
	}
	if data, _ := os.ReadFile(outside + "/f"); string(data) != "outside" {
		t.Errorf("outside was written: %q", data)
	}
	if fi, _ := os.Stat(outside + "/f"); fi.Mode().Perm() != 0o644 {
		t.Errorf("mode outside is now %v", fi.Mode())
	}
}

// TestKilledWriterLeavesTheOldFile kills a writer at many moments.
func TestKilledWriterLeavesTheOldFile(t *testing.T) {
	const key = "CORTEXLUA_TEST_WRITER"
	a, b := bytes.Repeat([]byte("a"), 300_000), bytes.Repeat([]byte("b"), 200_000)
	if dir := os.Getenv(key); dir != "" {
		r, err := NewRoots([]Root{{"home", dir}})
		must(t, err)
		os.Stdout.WriteString("go\n")
		for {
			must(t, r.WriteAtomic("f", a, WriteOptions{}))
			must(t, r.WriteAtomic("f", b, WriteOptions{}))
		}
	}
	dir := t.TempDir()
	must(t, os.WriteFile(dir+"/f", a, 0o644))
	for range 15 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilledWriterLeavesTheOldFile$")
		cmd.Env = append(os.Environ(), key+"="+dir)
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		out.Read(make([]byte, 3))
		for range 20 { // some writes later; no clock needed
			os.ReadFile(dir + "/f")
		}
		must(t, cmd.Process.Kill())
		cmd.Wait()
		data, err := os.ReadFile(dir + "/f")
		must(t, err)
		if !bytes.Equal(data, a) && !bytes.Equal(data, b) {
			t.Fatalf("the file has %d bytes, a part", len(data))
		}
	}
	list, err := os.ReadDir(dir)
	must(t, err)
	for _, e := range list {
		if e.Name() != "f" && !IsTemp(e.Name()) {
			t.Errorf("a file that nobody would recognise: %s", e.Name())
		}
	}
}
