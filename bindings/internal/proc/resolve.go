package proc

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// defaultPath is searched when an environment names no PATH.
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// resolve finds the file of a program as a shell in dir would: a name with a
// slash is a path, another one is searched in the PATH of env. The error names
// the file that is missing or what is wrong with it.
func resolve(name, dir string, env []string) (string, error) {
	if name == "" {
		return "", errors.New("no program is given: the first argument is empty")
	}
	if strings.Contains(name, "/") {
		path := absolute(dir, name)
		return path, runnable(path)
	}
	search, ok := lookupEnv(env, "PATH")
	if !ok {
		search = defaultPath
	}
	var found error
	for _, folder := range filepath.SplitList(search) {
		path := filepath.Join(absolute(dir, folder), name)
		err := runnable(path)
		if err == nil {
			return path, nil
		}
		if found == nil && !errors.Is(err, os.ErrNotExist) {
			found = err
		}
	}
	if found != nil {
		return "", found
	}
	return "", fmt.Errorf("there is no program %q in PATH (%s)", name, search)
}

// absolute joins path to dir unless it is absolute already.
func absolute(dir, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(dir, path)
}

// runnable says why a file cannot be executed.
func runnable(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("%s does not exist: %w", path, os.ErrNotExist)
	case err != nil:
		return err
	case info.IsDir():
		return fmt.Errorf("%s is a directory, not a program", path)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a regular file", path)
	case unix.Access(path, unix.X_OK) != nil:
		return fmt.Errorf("%s is not executable: chmod +x %s", path, path)
	}
	return nil
}

// explain is that of a failed start.
func (l launch) explain(err error) error {
	var thread threadError
	if errors.As(err, &thread) {
		return thread.error
	}
	if l.domain == nil || !errors.Is(err, unix.EACCES) {
		return explain(err, l.path, l.dir)
	}
	return fmt.Errorf("%s: %w: the policy that confines it does not allow to execute what it needs, its interpreter or loader; or its file system is mounted noexec", l.path, err)
}

// explain turns the error of a failed clone or exec into one that names the cause.
func explain(err error, path, dir string) error {
	switch {
	case errors.Is(err, unix.EMFILE), errors.Is(err, unix.ENFILE):
		return fmt.Errorf("%w: out of file descriptors (ulimit -n, /proc/sys/fs/file-max)", err)
	case errors.Is(err, unix.EAGAIN):
		return fmt.Errorf("%w: the limit of processes is reached (ulimit -u, or pids.max of the cgroup)", err)
	case errors.Is(err, unix.ENOMEM):
		return fmt.Errorf("%w: the machine is out of memory", err)
	case errors.Is(err, unix.E2BIG):
		return fmt.Errorf("%w: arguments and environment are too long", err)
	case errors.Is(err, unix.ENOEXEC):
		return fmt.Errorf("%s is neither a binary for this machine nor a script with a #! line", path)
	case errors.Is(err, unix.ETXTBSY):
		return fmt.Errorf("%s is being written by another process", path)
	}
	if info, e := os.Stat(dir); e != nil || !info.IsDir() {
		return fmt.Errorf("the working directory %s is not there", dir)
	}
	if e := runnable(path); e != nil {
		return e
	}
	interp := shebang(path)
	if len(interp) == 0 {
		return fmt.Errorf("%s: %w: its loader is missing, or its file system is mounted noexec", path, err)
	}
	if strings.HasSuffix(interp[0], "\r") || strings.HasSuffix(interp[len(interp)-1], "\r") {
		return fmt.Errorf("%s has Windows line ends, so its interpreter reads %q", path, interp[0])
	}
	if e := runnable(interp[0]); e != nil {
		return fmt.Errorf("%s asks for the interpreter %s: %w", path, interp[0], e)
	}
	return fmt.Errorf("%s: %w: is its file system mounted noexec?", path, err)
}

// shebang returns the interpreter of a script and its argument, if any, as the
// kernel reads them: one argument at most, blanks inside included (execve(2)).
func shebang(path string) []string {
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil
	}
	defer file.Close()
	var head [256]byte // BINPRM_BUF_SIZE
	n, _ := file.Read(head[:])
	line, ok := bytes.CutPrefix(head[:n], []byte("#!"))
	if !ok {
		return nil
	}
	line, _, _ = bytes.Cut(line, []byte("\n"))
	interp, arg, _ := strings.Cut(strings.Trim(string(line), " \t"), " ")
	if interp == "" {
		return nil
	}
	if arg = strings.Trim(arg, " \t"); arg != "" {
		return []string{interp, arg}
	}
	return []string{interp}
}
