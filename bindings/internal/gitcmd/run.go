package gitcmd

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	maxOutput  = 64 << 20 // of standard output, beyond it the call fails
	keepStderr = 32 << 10 // the end of standard error that is kept
	// grace is how long git may take to remove its lock and temporary files
	// after SIGTERM, which it does in a signal handler.
	grace = 2 * time.Second
	// pipeWait is how long the pipes of an ended git are still read when a
	// grandchild holds them.
	pipeWait = 500 * time.Millisecond
)

type call struct {
	args  []string
	stdin []byte
	env   []string
	limit int64
}

type result struct {
	stdout []byte
	stderr string
	code   int
}

var errTooMuch = errors.New("too much output")

// run starts git and waits for it. The error is nil whenever git ran to its end
// by itself, whatever its exit code.
func run(ctx context.Context, program, dir string, c call) (result, error) {
	if ctx.Err() != nil {
		return result{}, context.Cause(ctx)
	}
	out := &capped{limit: c.limit}
	if out.limit <= 0 {
		out.limit = maxOutput
	}
	errs := &lastBytes{}
	cmd := exec.Command(program, c.args...)
	cmd.Dir, cmd.Env = dir, c.env
	cmd.Stdout, cmd.Stderr = out, errs
	if c.stdin != nil {
		cmd.Stdin = bytes.NewReader(c.stdin)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.WaitDelay = pipeWait
	if err := cmd.Start(); err != nil {
		return result{}, err
	}
	cause := supervise(ctx, cmd.Process.Pid)
	err := cmd.Wait()
	res := result{stdout: out.buf.Bytes(), stderr: errs.String(), code: cmd.ProcessState.ExitCode()}
	var exit *exec.ExitError
	switch {
	case cause != nil:
		return res, cause
	case out.over:
		return res, errTooMuch
	case err == nil, errors.As(err, &exit), errors.Is(err, exec.ErrWaitDelay):
		return res, nil
	}
	return res, err
}

// supervise returns when the process has ended, and ends its whole group. The
// process is left a zombie until the group is dealt with (WNOWAIT), so its
// number, which is that of the group, cannot pass to a stranger meanwhile.
func supervise(ctx context.Context, pid int) error {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
			if !errors.Is(err, unix.EINTR) {
				return
			}
		}
	}()
	var cause error
	select {
	case <-ended:
	case <-ctx.Done():
		cause = context.Cause(ctx)
		unix.Kill(-pid, unix.SIGTERM)
		timer := time.NewTimer(grace)
		select {
		case <-ended:
		case <-timer.C:
		}
		timer.Stop()
	}
	unix.Kill(-pid, unix.SIGKILL)
	<-ended
	return cause
}

// environment of every git; HOME is kept because ssh and credential helpers that
// were allowed look there, not for git itself.
func (r *Repo) environment(extra ...string) []string {
	env := []string{
		"PATH=" + envOr("PATH", "/usr/local/bin:/usr/bin:/bin"),
		"HOME=" + envOr("HOME", "/nonexistent"),
		"LC_ALL=C", "LANGUAGE=C",
		"GIT_TERMINAL_PROMPT=0", "GIT_ASKPASS=/bin/false", "SSH_ASKPASS=/bin/false", "SSH_ASKPASS_REQUIRE=never",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_ATTR_NOSYSTEM=1",
		"GIT_OPTIONAL_LOCKS=0", "GIT_NO_LAZY_FETCH=1", "GIT_NO_REPLACE_OBJECTS=1",
		"GIT_ALLOW_PROTOCOL=file:git:http:https:ssh",
		"GIT_EDITOR=/bin/false", "GIT_PAGER=cat", "GIT_MERGE_AUTOEDIT=no",
		"GIT_SSH_VARIANT=ssh",
	}
	if !r.opts.allows("core.sshcommand") {
		// ControlMaster=no: a shared connection left in the background would
		// outlive the call.
		env = append(env, "GIT_SSH_COMMAND=ssh -oBatchMode=yes -oConnectTimeout=15 -oControlMaster=no")
	}
	if r.opts.SSHAgent {
		if sock := os.Getenv("SSH_AUTH_SOCK"); sock != "" {
			env = append(env, "SSH_AUTH_SOCK="+sock)
		}
	}
	return append(env, extra...)
}

func envOr(name, def string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return def
}

// settings come before every sub-command; the command line wins over the files.
func (r *Repo) settings() []string {
	list := []string{
		"--no-pager", "-c", "core.fsmonitor=false", "-c", "protocol.ext.allow=never", "-c", "submodule.recurse=false",
		"-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "advice.detachedHead=false", "-c", "log.showSignature=false",
		"-c", "core.quotePath=false", "-c", "core.untrackedCache=false", "-c", "merge.verifySignatures=false", "-c", "color.ui=false",
		"-c", "core.preloadIndex=true",
	}
	if !r.opts.Hooks {
		list = append(list, "-c", "core.hooksPath=/dev/null")
	}
	if r.opts.TrustOwner {
		list = append(list, "-c", "safe.directory="+r.Dir)
	}
	return list
}

// capped collects up to a limit and then fails the writing side. The buffer is
// not embedded: io.Copy would find its ReadFrom and read without any limit.
type capped struct {
	buf   bytes.Buffer
	limit int64
	over  bool
}

func (c *capped) Write(b []byte) (int, error) {
	if int64(c.buf.Len()+len(b)) > c.limit {
		c.over = true
		return 0, errTooMuch
	}
	return c.buf.Write(b)
}

// lastBytes keeps the end of what is written.
type lastBytes struct{ buf []byte }

func (l *lastBytes) Write(b []byte) (int, error) {
	l.buf = append(l.buf, b...)
	if len(l.buf) > 2*keepStderr {
		l.buf = append(l.buf[:0], l.buf[len(l.buf)-keepStderr:]...)
	}
	return len(b), nil
}

func (l *lastBytes) String() string {
	if len(l.buf) > keepStderr {
		return string(l.buf[len(l.buf)-keepStderr:])
	}
	return string(l.buf)
}

func codeText(code int) string {
	if code < 0 {
		return "git was killed by a signal"
	}
	return "git ended with exit code " + strconv.Itoa(code)
}
