package confine_test

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/cortexlua/cortexlua/bindings/internal/confine"
	"github.com/cortexlua/cortexlua/bindings/internal/proc"
)

// tryVar makes the test binary a program that tries what its arguments name, one
// after the other, and writes one line for each: "ok" or the name of the error.
const tryVar = "CONFINE_TEST_TRY"

func TestMain(m *testing.M) {
	if os.Getenv(tryVar) == "" {
		os.Exit(m.Run())
	}
	for _, arg := range os.Args[1:] {
		fmt.Println(outcome(try(strings.Split(arg, " "))))
	}
	// os.Exit would have the race detector sleep for a second, since it cannot read
	// its settings in /proc/self/environ.
	_, _, _ = unix.Syscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
}

func outcome(err error) string {
	var errno unix.Errno
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &errno):
		return unix.ErrnoName(errno)
	}
	return err.Error()
}

// try does one thing: a verb and its operands.
func try(words []string) error {
	verb, a, b := words[0], "", ""
	if len(words) > 1 {
		a = words[1]
	}
	if len(words) > 2 {
		b = words[2]
	}
	switch verb {
	case "read":
		_, err := os.ReadFile(a)
		return err
	case "list":
		_, err := os.ReadDir(a)
		return err
	case "stat":
		return unix.Stat(a, new(unix.Stat_t))
	case "append":
		return writeTo(a, os.O_WRONLY|os.O_APPEND)
	case "create":
		return writeTo(a, os.O_WRONLY|os.O_CREATE|os.O_EXCL)
	case "truncate":
		return os.Truncate(a, 0)
	case "remove":
		return os.Remove(a)
	case "mkdir":
		return os.Mkdir(a, 0o755)
	case "rename":
		return os.Rename(a, b)
	case "link":
		return os.Link(a, b)
	case "symlink":
		return os.Symlink(a, b)
	case "mknod":
		return unix.Mknod(a, unix.S_IFCHR|0o600, int(unix.Mkdev(1, 3)))
	case "mount":
		return unix.Mount("none", a, "tmpfs", 0, "")
	case "chdir":
		return os.Chdir(a)
	case "exec":
		return exec.Command(a).Run()
	case "caps":
		return wrongCaps()
	}
	return tryOutside(verb, a)
}

// tryOutside does what reaches other processes.
func tryOutside(verb, a string) error {
	switch verb {
	case "signal":
		pid, err := strconv.Atoi(a)
		if err != nil {
			return err
		}
		return unix.Kill(pid, unix.SIGCONT)
	case "signal-child":
		return signalChild()
	case "dial":
		return dial("tcp", a)
	case "listen":
		l, err := net.Listen("tcp", a)
		if err == nil {
			l.Close()
		}
		return err
	case "socket":
		return makeSocket(a)
	case "uring":
		_, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, 1, 0, 0)
		return errno
	case "dial-unix":
		return dial("unix", a)
	case "fds":
		return strayFiles()
	case "nested": // the rest of the words in a child of a child
		return nested(strings.ReplaceAll(a, "_", " "))
	}
	return fmt.Errorf("unknown verb %q", verb)
}

func writeTo(path string, flags int) error {
	f, err := os.OpenFile(path, flags, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteString("written\n")
	return err
}

func dial(network, address string) error {
	c, err := net.Dial(network, address)
	if err == nil {
		c.Close()
	}
	return err
}

// makeSocket makes a socket of "domain,type,protocol" in numbers.
func makeSocket(spec string) error {
	var domain, typ, proto int
	if _, err := fmt.Sscanf(spec, "%d,%d,%d", &domain, &typ, &proto); err != nil {
		return err
	}
	fd, err := unix.Socket(domain, typ, proto)
	if err == nil {
		unix.Close(fd)
	}
	return err
}

func signalChild() error {
	c := exec.Command("/bin/sleep", "60")
	if err := c.Start(); err != nil {
		return err
	}
	err := c.Process.Kill()
	_ = c.Wait()
	return err
}

// strayFiles finds descriptors that were inherited beside the standard streams.
// The runtime has opened its own poller at most.
func strayFiles() error {
	for fd := 3; fd < 256; fd++ {
		name, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
		if err == nil && !strings.HasPrefix(name, "anon_inode:[event") {
			return fmt.Errorf("descriptor %d is %s", fd, name)
		}
	}
	return nil
}

// wrongCaps tells whether a capability that leads around file rules is left.
func wrongCaps() error {
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&head, &data[0]); err != nil {
		return err
	}
	for _, c := range []uint{unix.CAP_SYS_ADMIN, unix.CAP_SYS_MODULE, unix.CAP_SYS_RAWIO, unix.CAP_BPF} {
		if (data[c/32].Permitted|data[c/32].Effective|data[c/32].Inheritable)&(1<<(c%32)) != 0 {
			return fmt.Errorf("capability %d is left", c)
		}
	}
	return nil
}

// nested runs itself with one more child between, in a session of its own.
func nested(what string) error {
	verb, rest, deeper := strings.Cut(what, "nested ")
	args := []string{what}
	if deeper && verb == "" {
		args = []string{"nested " + strings.ReplaceAll(rest, " ", "_")}
	}
	c := exec.Command(os.Args[0], args...) // with the environment of this one
	c.SysProcAttr = &unix.SysProcAttr{Setsid: true}
	out, err := c.Output()
	if err != nil {
		return err
	}
	line, _ := bufio.NewReader(strings.NewReader(string(out))).ReadString('\n')
	if line = strings.TrimSpace(line); line == "ok" {
		return nil
	}
	return errors.New(line)
}

// skipBelow skips where the kernel's Landlock is older than a test needs.
func skipBelow(t testing.TB, abi int) {
	t.Helper()
	if have, err := confine.ABI(); err != nil || have < abi {
		t.Skipf("the kernel offers Landlock ABI %d (%v), this test needs %d", have, err, abi)
	}
}

// loose is a policy that holds files and no more, so that any kernel with ABI 3
// can run it.
func loose(p confine.Policy) *confine.Policy {
	p.Network.Open, p.Signals, p.Sockets = true, true, true
	return &p
}

// attempt runs the helper under a policy, nil for none, and returns a line for
// each thing that it tried.
func attempt(t testing.TB, p *confine.Policy, things ...string) []string {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	res, err := proc.Run(t.Context(), proc.RunSpec{
		Argv: append([]string{self}, things...), Env: []string{tryVar + "=1", "PATH=/usr/bin:/bin"}, Dir: "/", Confine: p,
	})
	if err != nil || res.Code != 0 {
		t.Fatalf("the helper failed: %v %+v %s", err, res, res.Stderr)
	}
	return strings.Split(strings.TrimSpace(string(res.Stdout)), "\n")
}

// expect is a thing to try and what shall come of it.
type expect struct{ thing, want string }

// hold tries all things in one program and compares.
func hold(t testing.TB, p *confine.Policy, list ...expect) {
	t.Helper()
	var things []string
	for _, e := range list {
		things = append(things, e.thing)
	}
	got := attempt(t, p, things...)
	if len(got) != len(list) {
		t.Fatalf("%d lines for %d things: %q", len(got), len(list), got)
	}
	for i, e := range list {
		if got[i] != e.want {
			t.Errorf("%s: %s, want %s", e.thing, got[i], e.want)
		}
	}
}

// place is a test's folders: one to read, one to write, one of neither.
type place struct{ in, work, out string }

func newPlace(t testing.TB) place {
	t.Helper()
	top, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	p := place{in: filepath.Join(top, "in"), work: filepath.Join(top, "work"), out: filepath.Join(top, "out")}
	for _, dir := range []string{p.in, p.work, p.out} {
		must(t, os.MkdirAll(filepath.Join(dir, "sub"), 0o755))
		must(t, os.WriteFile(filepath.Join(dir, "file"), []byte("text\n"), 0o644))
	}
	return p
}

func (p place) policy() confine.Policy {
	return confine.Policy{Read: []string{p.in, p.work}, Write: []string{p.work}}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
