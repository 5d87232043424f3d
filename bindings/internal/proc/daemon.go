package proc

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/cortexlua/cortexlua/bindings/internal/confine"
)

// DaemonSpec says how to start a daemon.
type DaemonSpec struct {
	Name   string     // for messages
	Argv   []string   // program and arguments; no shell reads them
	Env    []string   // the whole environment, "NAME=value"; nothing is inherited
	Cookie string     // value of CookieVar, see NewCookie; "" for none
	Dir    string     // working directory, absolute
	Log    string     // file to which stdout and stderr are appended; "" for /dev/null
	Umask  *int       // nil: this program's
	Nice   *int       // nil: this program's
	Limits []Limit    // resource limits, see Limit
	Lock   []*os.File // descriptors that the daemon inherits as 3, 4, ...

	// Confine, if set, holds the daemon and all that it starts to a policy. The
	// log need not be in it, since it is open already. Where the kernel cannot do
	// that, the error is a [confine.ErrUnsupported] and nothing is started.
	Confine *confine.Policy
}

// StartDaemon starts a daemon in a session of its own: stdin is /dev/null, stdout
// and stderr go to the log, and nothing but the descriptors named is inherited.
// It returns when the program was executed, which does not mean that it is ready.
// Errors name the file and what to do; then nothing was started.
//
// The daemon does not end with this program. While this program runs, it is
// reaped as soon as it ends.
func StartDaemon(ctx context.Context, spec DaemonSpec) (*Child, error) {
	child, err := startDaemon(ctx, spec)
	if err != nil {
		return nil, fmt.Errorf("cannot start %s: %w", spec.label(), err)
	}
	return child, nil
}

func (s DaemonSpec) label() string {
	if s.Name != "" {
		return s.Name
	}
	return "the daemon"
}

func startDaemon(ctx context.Context, spec DaemonSpec) (*Child, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	path, err := checkProgram(spec.Argv, spec.Dir, spec.Env)
	if err != nil {
		return nil, err
	}
	domain, err := confined(spec.Confine, path)
	if err != nil {
		return nil, err
	}
	defer domain.Close()
	null, err := openNull()
	if err != nil {
		return nil, err
	}
	defer unix.Close(null)
	out := null
	if spec.Log != "" {
		if out, err = openLog(spec.Log); err != nil {
			return nil, err
		}
		defer unix.Close(out)
	}
	files := []uintptr{uintptr(null), uintptr(out), uintptr(out)}
	for _, f := range spec.Lock {
		files = append(files, f.Fd())
	}
	l := launch{
		path: path, argv: spec.Argv, env: withCookie(spec.Env, spec.Cookie), dir: spec.Dir,
		files: files, umask: spec.Umask, nice: spec.Nice, domain: domain,
	}
	h, err := l.start()
	if err != nil {
		return nil, l.explain(err)
	}
	child := watch(h)
	if err := setLimits(h.id.PID, spec.Limits); err != nil {
		_ = h.signalGroup(unix.SIGKILL)
		<-child.Done()
		return nil, err
	}
	return child, nil
}

// checkProgram resolves the program and checks what exec would only call ENOENT.
func checkProgram(argv []string, dir string, env []string) (string, error) {
	if len(argv) == 0 {
		return "", errors.New("no program is given")
	}
	if !filepath.IsAbs(dir) {
		return "", fmt.Errorf("the working directory %q is not an absolute path", dir)
	}
	for _, s := range append(argv[:len(argv):len(argv)], env...) {
		if strings.ContainsRune(s, 0) {
			return "", errors.New("an argument or a variable holds a zero byte")
		}
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return "", fmt.Errorf("the working directory %s is not there", dir)
	}
	return resolve(argv[0], dir, env)
}

// withCookie puts the cookie first, where it is found with one read.
func withCookie(env []string, cookie string) []string {
	if cookie == "" {
		return env
	}
	out := make([]string, 0, len(env)+1)
	out = append(out, CookieVar+"="+cookie)
	for _, entry := range env {
		if !strings.HasPrefix(entry, CookieVar+"=") {
			out = append(out, entry)
		}
	}
	return out
}

func openNull() (int, error) {
	fd, err := unix.Open(os.DevNull, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, explain(err, os.DevNull, "/")
	}
	return fd, nil
}

// openLog opens a log for appending, or makes it. It refuses what an attacker or a
// mistake may have put in its place, and never blocks on a FIFO.
func openLog(path string) (int, error) {
	const flags = unix.O_WRONLY | unix.O_APPEND | unix.O_CREAT | unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC
	fd, err := unix.Open(path, flags, 0o640)
	switch {
	case err == nil:
	case errors.Is(err, unix.ENOENT):
		return -1, fmt.Errorf("the log directory %s does not exist: mkdir -p %s", filepath.Dir(path), filepath.Dir(path))
	case errors.Is(err, unix.ELOOP):
		return -1, fmt.Errorf("the log %s is a symbolic link, which is not followed", path)
	case errors.Is(err, unix.EISDIR):
		return -1, fmt.Errorf("the log %s is a directory", path)
	case errors.Is(err, unix.ENXIO):
		return -1, fmt.Errorf("the log %s is a FIFO or a socket, not a regular file", path)
	case errors.Is(err, unix.EMFILE), errors.Is(err, unix.ENFILE):
		return -1, explain(err, path, "/")
	default:
		return -1, fmt.Errorf("cannot open the log %s: %w", path, err)
	}
	var st unix.Stat_t
	if err = unix.Fstat(fd, &st); err == nil && st.Mode&unix.S_IFMT != unix.S_IFREG {
		err = fmt.Errorf("the log %s is not a regular file", path)
	}
	if err == nil {
		err = unix.SetNonblock(fd, false)
	}
	if err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}
