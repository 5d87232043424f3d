package proc

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func spec(home string, argv ...string) DaemonSpec {
	return DaemonSpec{Name: "worker", Argv: argv, Env: testEnv(), Dir: home, Log: filepath.Join(home, "log")}
}

func TestDaemonSurroundings(t *testing.T) {
	c, home := shell(t, `echo "env $(env | grep -v PWD | sort | tr '\n' ' ')"; echo cwd $PWD; echo "in $(readlink /proc/self/fd/0)"; echo err >&2
echo "fds $(ls /proc/$$/fd | tr '\n' ' ')"; exec sleep 1000`)
	line(t, home, "fds ")
	st, err := Prove(c.Identity())
	if err != nil {
		t.Fatal(err)
	}
	if st.Session != st.PID || st.PGRP != st.PID {
		t.Errorf("no session of its own: %+v", st)
	}
	if got := line(t, home, "cwd "); got != home {
		t.Errorf("cwd %q", got)
	}
	if got := line(t, home, "in "); got != "/dev/null" {
		t.Errorf("stdin %q", got)
	}
	if got := strings.Fields(line(t, home, "env ")); len(got) > 4 || !strings.HasPrefix(got[0], CookieVar+"="+t.Name()+":") {
		t.Errorf("env %q", got)
	}
	if got := strings.Fields(line(t, home, "fds ")); len(got) > 4 { // a shell may keep one of its own
		t.Errorf("inherited descriptors: %q", got)
	}
	line(t, home, "err")
	if Cookie(st.PID) == "" {
		t.Error("no cookie")
	}
}

func TestDaemonDoesNotInheritForeignDescriptors(t *testing.T) {
	fd, err := unix.Open("/etc/passwd", unix.O_RDONLY, 0) // no O_CLOEXEC, as cron's flock leaves one
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	c, home := shell(t, "echo up; exec sleep 1000")
	line(t, home, "up")
	if target, err := os.Readlink(procPath(c.Identity().PID, "fd/"+strconv.Itoa(fd))); err == nil && target == "/etc/passwd" {
		t.Error("the daemon holds a descriptor of ours")
	}
}

// While a process executes another program its environment reads as empty.
func TestCookieIsSeenDuringExec(t *testing.T) {
	c, home := shell(t, `echo up; exec sh -c 'i=$0; [ $i -lt 300 ] && exec sh -c "$1" $((i+1)) "$1"; echo done; exec sleep 1000' 0 'i=$0; [ $i -lt 300 ] && exec sh -c "$1" $((i+1)) "$1"; echo done; exec sleep 1000'`)
	line(t, home, "up")
	pid, looks := c.Identity().PID, 0
	for done := false; !done; looks++ {
		if Cookie(pid) == "" {
			t.Fatalf("no cookie at look %d", looks)
		}
		if argv, err := Cmdline(pid); err != nil || len(argv) == 0 {
			t.Fatalf("no command line at look %d: %v", looks, err)
		}
		raw, _ := os.ReadFile(filepath.Join(home, "log"))
		done = strings.Contains(string(raw), "done\n")
	}
	t.Logf("%d looks", looks)
}

func TestEmptyEnvironmentIsBelieved(t *testing.T) {
	home := t.TempDir()
	s := spec(home, "/bin/sleep", "1000")
	s.Env = nil
	c, err := StartDaemon(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	defer end(t, c, "")
	pid := c.Identity().PID
	if env, err := Environ(pid); err != nil || len(env) != 0 {
		t.Errorf("%q %v", env, err)
	}
	if argStart(pid) == 0 {
		t.Error("no start of arguments")
	}
}

func TestDaemonLogIsAppended(t *testing.T) {
	home := t.TempDir()
	for range 2 {
		c, err := StartDaemon(t.Context(), spec(home, "/bin/echo", "hello"))
		if err != nil {
			t.Fatal(err)
		}
		<-c.Done()
		if code, sig, ok := c.Exit(); code != 0 || sig != "" || !ok {
			t.Errorf("exit %d %q %v", code, sig, ok)
		}
	}
	raw, err := os.ReadFile(filepath.Join(home, "log"))
	if err != nil || string(raw) != "hello\nhello\n" {
		t.Errorf("%q %v", raw, err)
	}
	if info, _ := os.Stat(filepath.Join(home, "log")); info.Mode().Perm()&0o027 != 0 {
		t.Errorf("mode %v", info.Mode())
	}
}

func TestDaemonUmaskNiceLimits(t *testing.T) {
	home := t.TempDir()
	umask, nice := 0o077, 5
	before := currentUmask(t)
	s := spec(home, "/bin/sh", "-c", `while [ "$(ulimit -n)" != 123 ]; do sleep 0.01; done; echo "umask $(umask)"; echo "nice $(cut -d' ' -f19 /proc/$$/stat)"`)
	s.Umask, s.Nice, s.Limits = &umask, &nice, []Limit{{"nofile", 123, 123}}
	c, err := StartDaemon(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	<-c.Done()
	if got := line(t, home, "umask "); got != "0077" {
		t.Errorf("umask %q", got)
	}
	if got := line(t, home, "nice "); got != "5" {
		t.Errorf("nice %q", got)
	}
	for range 50 { // whichever thread it runs on
		s := spec(home, "/bin/true")
		s.Umask = &umask
		c, err := StartDaemon(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		<-c.Done()
	}
	if now := currentUmask(t); now != before {
		t.Errorf("our umask became %s", now)
	}
	s.Limits = []Limit{{"files", 1, 1}}
	if _, err := StartDaemon(t.Context(), s); err == nil || !strings.Contains(err.Error(), `unknown limit "files"`) {
		t.Error(err)
	}
}

func currentUmask(t *testing.T) string {
	raw, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for l := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(l, "Umask:"); ok {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}

func TestDaemonErrorsNameTheCause(t *testing.T) {
	home := t.TempDir()
	at := func(name string) string { return filepath.Join(home, name) }
	writeScript(t, at("plain"), "#!/bin/sh\n")
	os.Chmod(at("plain"), 0o644)
	writeScript(t, at("nointerp"), "#!/no/such/shell -e\n")
	writeScript(t, at("dos"), "#!/bin/sh\r\necho\r\n")
	writeScript(t, at("junk"), "\x7fNOTELF")
	writeScript(t, at("ok"), "#!/bin/sh\n")
	os.Mkdir(at("dir"), 0o755)
	os.Symlink("/etc/passwd", at("link"))
	if err := unix.Mkfifo(at("fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		argv0, log, dir string
		want            []string
	}{
		{"./missing", "", home, []string{"cannot start worker", at("missing"), "does not exist"}},
		{"no-such-program-x", "", home, []string{"no-such-program-x", "PATH"}},
		{"./plain", "", home, []string{at("plain"), "not executable: chmod +x"}},
		{"./dir", "", home, []string{"is a directory"}},
		{"./nointerp", "", home, []string{at("nointerp"), "/no/such/shell", "does not exist"}},
		{"./dos", "", home, []string{"Windows line ends"}},
		{"./junk", "", home, []string{at("junk"), "neither a binary"}},
		{"./ok", "", at("nowhere"), []string{"working directory", "nowhere"}},
		{"./ok", "", "relative", []string{"not an absolute path"}},
		{"./ok", at("no/log"), home, []string{"log directory", "mkdir -p"}},
		{"./ok", at("link"), home, []string{"symbolic link"}},
		{"./ok", at("fifo"), home, []string{"FIFO"}},
		{"./ok", at("dir"), home, []string{"directory"}},
		{"./ok", "/dev/null", home, []string{"not a regular file"}},
		{"", "", home, []string{"empty"}},
	}
	before := openFiles(t)
	for _, c := range cases {
		s := spec(c.dir, c.argv0)
		s.Log = c.log
		_, err := StartDaemon(t.Context(), s)
		if err == nil {
			t.Errorf("%+v: started", c)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q lacks %q", c.argv0, err, want)
			}
		}
	}
	if now := openFiles(t); now != before {
		t.Errorf("%d descriptors leaked", now-before)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errPhase)
	if _, err := StartDaemon(ctx, spec(home, "./ok")); !errors.Is(err, errPhase) {
		t.Error(err)
	}
}

func TestDaemonInheritsLock(t *testing.T) {
	home := t.TempDir()
	file, err := os.Create(filepath.Join(home, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	s := spec(home, "/bin/sleep", "1000")
	s.Lock = []*os.File{file}
	c, err := StartDaemon(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	defer end(t, c, "")
	file.Close()
	again, err := os.Open(filepath.Join(home, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	try := func() error { return unix.Flock(int(again.Fd()), unix.LOCK_EX|unix.LOCK_NB) }
	if err := try(); !errors.Is(err, unix.EWOULDBLOCK) {
		t.Fatalf("the daemon does not hold the lock: %v", err)
	}
	found, err := Locate(t.Context(), []Program{{Name: "w", Argv: []string{"other"}, Home: home, Lock: filepath.Join(home, "lock")}})
	if err != nil || len(found) != 1 || found[0].By != "lock" || found[0].Identity != c.Identity() {
		t.Errorf("by lock: %+v %v", found, err)
	}
	if err := c.Signal(unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-c.Done()
	if err := try(); err != nil {
		t.Errorf("death did not free the lock: %v", err)
	}
}

func TestStartCyclesLeakNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("1,000 starts")
	}
	home := t.TempDir()
	before := openFiles(t)
	for range 1000 {
		c, err := StartDaemon(t.Context(), spec(home, "/bin/true"))
		if err != nil {
			t.Fatal(err)
		}
		<-c.Done()
	}
	if now := openFiles(t); now > before+1 {
		t.Errorf("%d descriptors leaked", now-before)
	}
	snap, err := Scan()
	if err != nil {
		t.Fatal(err)
	}
	if zombies := slices.Collect(func(yield func(Stat) bool) {
		for _, st := range snap.Children(os.Getpid()) {
			if st.Dead() && !yield(st) {
				return
			}
		}
	}); len(zombies) != 0 {
		t.Errorf("zombies: %d", len(zombies))
	}
}

// TestStartOutOfDescriptors lowers this process's own limit for a moment.
func TestStartOutOfDescriptors(t *testing.T) {
	home := t.TempDir()
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	before := openFiles(t)
	// Walk the limit up so that every single open on the way fails once.
	failures := 0
	for extra := range 12 {
		low := unix.Rlimit{Cur: uint64(before + extra), Max: old.Max}
		if err := unix.Prlimit(0, unix.RLIMIT_NOFILE, &low, nil); err != nil {
			t.Fatal(err)
		}
		c, err := StartDaemon(t.Context(), spec(home, "/bin/true"))
		_ = unix.Prlimit(0, unix.RLIMIT_NOFILE, &old, nil)
		if err != nil {
			failures++
			if !strings.Contains(err.Error(), "ulimit -n") {
				t.Errorf("extra %d: %v", extra, err)
			}
			continue
		}
		<-c.Done()
	}
	if failures == 0 {
		t.Error("nothing failed: the test proves nothing")
	}
	if now := openFiles(t); now != before {
		t.Errorf("%d descriptors leaked", now-before)
	}
}
