package lockfile

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cortexlua/cortexlua/bindings/internal/proc"
)

func me(t *testing.T, what string) Info {
	t.Helper()
	id, err := proc.IdentityOf(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	return Info{Identity: id, User: "alice", For: what}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func held(t *testing.T, path string, want bool) Info {
	t.Helper()
	info, ok, err := Holder(path)
	if err != nil || ok != want {
		t.Fatalf("held %v, want %v, %v", ok, want, err)
	}
	return info
}

func TestLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.lock")
	held(t, path, false)
	l, err := Try(path, me(t, "upgrade"))
	must(t, err)
	if info := held(t, path, true); info.For != "upgrade" || info.Identity.PID != os.Getpid() || info.Since.IsZero() {
		t.Errorf("%+v", info)
	}
	if st, _ := os.Stat(path); st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", st.Mode())
	}
	_, err = Try(path, me(t, "other"))
	var h *HeldError
	if !errors.As(err, &h) || h.Owner.For != "upgrade" || !strings.Contains(err.Error(), "(alice) for upgrade since") {
		t.Error(err)
	}
	must(t, l.Release())
	must(t, l.Release())
	held(t, path, false)
	if raw, _ := os.ReadFile(path); len(raw) != 0 {
		t.Errorf("a free lock names %q", raw)
	}
	l, err = Try(path, me(t, "again"))
	must(t, err)
	must(t, l.Detach())
	must(t, l.Detach())
	held(t, path, false)
}

func TestAcquireWaits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.lock")
	first, err := Try(path, me(t, "first"))
	must(t, err)
	why := errors.New("5s are over")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 30*time.Millisecond, why)
	defer cancel()
	_, err = Acquire(ctx, path, me(t, "second"))
	var h *HeldError
	if !errors.Is(err, why) || !errors.As(err, &h) || h.Owner.For != "first" {
		t.Error(err)
	}
	got := make(chan error)
	go func() {
		l, err := Acquire(t.Context(), path, Info{For: "second"})
		if err == nil {
			err = l.Release()
		}
		got <- err
	}()
	must(t, first.Release())
	must(t, <-got)
}

func TestOneHolderAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.lock")
	var inside, rounds atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10 {
				l, err := Acquire(t.Context(), path, Info{})
				if err != nil {
					t.Error(err)
					return
				}
				if inside.Add(1) != 1 {
					t.Error("two holders")
				}
				rounds.Add(1)
				inside.Add(-1)
				if err := l.Release(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if rounds.Load() != 80 {
		t.Error(rounds.Load())
	}
}

// Looking at a lock takes it shared for an instant; that must not make Try fail.
func TestHolderDoesNotDisturb(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.lock")
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for ctx.Err() == nil {
				if _, _, err := Holder(path); err != nil {
					t.Error(err)
				}
				time.Sleep(50 * time.Microsecond)
			}
		})
	}
	for range 200 {
		l, err := Try(path, me(t, "x"))
		must(t, err)
		must(t, l.Release())
	}
	cancel()
	wg.Wait()
}

func TestDaemonInheritsAndDeathFrees(t *testing.T) {
	home := t.TempDir()
	path := filepath.Join(home, "d.lock")
	l, err := Try(path, me(t, "start d"))
	must(t, err)
	c, err := proc.StartDaemon(t.Context(), proc.DaemonSpec{
		Name: "d", Argv: []string{"/bin/sleep", "1000"}, Dir: home, Lock: []*os.File{l.File()},
	})
	must(t, err)
	defer c.Signal(unix.SIGKILL)
	must(t, l.SetInfo(Info{Identity: c.Identity(), For: "daemon d"}))
	must(t, l.Detach())
	if info := held(t, path, true); info.Identity != c.Identity() || info.For != "daemon d" {
		t.Errorf("%+v", info)
	}
	var h *HeldError
	if _, err := Try(path, me(t, "second")); !errors.As(err, &h) || h.Owner.Identity != c.Identity() {
		t.Error(err)
	}
	must(t, c.Signal(unix.SIGKILL))
	<-c.Done()
	held(t, path, false)
	l, err = Try(path, me(t, "third"))
	must(t, err)
	must(t, l.Release())
}

func TestReleaseFreesInherited(t *testing.T) {
	home := t.TempDir()
	l, err := Try(filepath.Join(home, "d.lock"), Info{})
	must(t, err)
	c, err := proc.StartDaemon(t.Context(), proc.DaemonSpec{
		Name: "d", Argv: []string{"/bin/sleep", "1000"}, Dir: home, Lock: []*os.File{l.File()},
	})
	must(t, err)
	must(t, l.Release())
	held(t, l.Path(), false)
	must(t, c.Signal(unix.SIGKILL))
	<-c.Done()
}

// A cleaner of temporary files removed the file of a held lock: whoever comes next
// locks the file that stands there now, and no two of them hold that one.
func TestReplacedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.lock")
	old, err := Try(path, Info{})
	must(t, err)
	must(t, os.Remove(path))
	next, err := Try(path, me(t, "next"))
	must(t, err)
	must(t, old.Release())
	held(t, path, true)
	must(t, next.Release())
}

func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	must(t, os.WriteFile(at("hard"), nil, 0o600))
	must(t, os.Link(at("hard"), at("hard2")))
	must(t, os.Symlink("/etc/passwd", at("link")))
	must(t, unix.Mkfifo(at("fifo"), 0o600))
	must(t, os.Mkdir(at("dir"), 0o755))
	for path, want := range map[string]string{
		at("link"): "symbolic link", at("fifo"): "not a regular file", at("dir"): "directory", at("hard"): "hard links",
		at("no/x.lock"): "mkdir -p", "/dev/null": "not a regular file",
	} {
		if _, err := Try(path, Info{}); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "cannot lock "+path) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if network(0x6969) != "NFS" || network(0xff534d42) == "" || network(0xef53) != "" || network(0x01021994) != "" {
		t.Error("file systems are mixed up")
	}
}

func TestBadInfoIsNotBelieved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.lock")
	l, err := Try(path, Info{})
	must(t, err)
	defer l.Release()
	for _, text := range []string{"", "{", "[]", `{"identity":{"pid":"x"}}`, strings.Repeat("x", 100000)} {
		must(t, os.WriteFile(path, []byte(text), 0o600))
		_, err := Try(path, Info{})
		var h *HeldError
		if !errors.As(err, &h) || !strings.Contains(err.Error(), "an unknown process") {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}
