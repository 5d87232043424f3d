package gitcmd

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Options of a repository; the zero value is the strictest.
type Options struct {
	// Program is the git to run; empty means the one in PATH.
	Program string
	// Timeout bounds each local operation; 0 means one minute. The context
	// bounds too.
	Timeout time.Duration
	// Hooks lets git run the repository's hooks. One that fails is an error of
	// kind ErrHook, also where git itself ignores its exit code.
	Hooks bool
	// SSHAgent passes SSH_AUTH_SOCK on.
	SSHAgent bool
	// TrustOwner works in a repository that another user owns. Without it only
	// the owner's own repositories are touched, as git itself does, since the
	// configuration of a repository can run programs.
	TrustOwner bool
	// AllowConfig lists keys of the repository's configuration that are allowed
	// although they make git run programs: exact names, or with a * at the end
	// ("filter.lfs.*"). Case does not matter.
	AllowConfig []string
}

// Repo is a repository with a work tree. It is safe for concurrent use as far
// as git itself is.
type Repo struct {
	Dir       string // top of the work tree, absolute, links resolved
	GitDir    string // where HEAD and the index are
	CommonDir string // where objects and configuration are; differs in a linked work tree

	opts    Options
	program string
	mu      sync.Mutex
	checked string // state of the configuration files that was found harmless
}

// Open finds the repository whose work tree is dir or holds it.
func Open(ctx context.Context, dir string, opts Options) (*Repo, error) {
	r := &Repo{Dir: dir, opts: opts, program: opts.Program}
	if r.opts.Timeout <= 0 {
		r.opts.Timeout = time.Minute
	}
	if r.program == "" {
		r.program = "git"
	}
	path, err := exec.LookPath(r.program)
	if err != nil {
		return nil, &Error{Op: "open the repository", Dir: dir, Kind: ErrNoGit, Hint: "install git", Err: err}
	}
	r.program = path
	if fi, err := os.Stat(dir); err != nil || !fi.IsDir() {
		return nil, &Error{Op: "open the repository", Dir: dir, Kind: ErrNotRepo, Detail: "there is no such directory", Err: err}
	}
	return r, r.find(ctx)
}

// find works without git, so that nothing of a repository is read by git before
// its owner is known.
func (r *Repo) find(ctx context.Context) error {
	top, err := filepath.EvalSymlinks(r.Dir)
	if err == nil {
		top, err = filepath.Abs(top)
	}
	if err != nil {
		return &Error{Op: "open the repository", Dir: r.Dir, Kind: ErrNotRepo, Err: err}
	}
	for dir := top; ; dir = filepath.Dir(dir) {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			top = dir
			break
		}
		if dir == "/" {
			return &Error{Op: "open the repository", Dir: r.Dir, Kind: ErrNotRepo, Detail: "there is no .git here or above"}
		}
	}
	r.Dir = top
	if err := r.checkOwner(top); err != nil {
		return err
	}
	res, err := r.git(ctx, "open the repository", call{args: []string{"rev-parse", "--path-format=absolute", "--git-dir", "--git-common-dir", "--show-toplevel"}}, quick)
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSuffix(string(res.stdout), "\n"), "\n")
	if len(lines) != 3 {
		return &Error{Op: "open the repository", Dir: r.Dir, Kind: ErrNotRepo, Detail: "git answered in an unknown form"}
	}
	r.GitDir, r.CommonDir = lines[0], lines[1]
	if lines[2] != top {
		// core.worktree sends the work elsewhere.
		return &Error{Op: "open the repository", Dir: r.Dir, Kind: ErrHostile, Detail: "its work tree is " + lines[2], Hint: "open that directory"}
	}
	return nil
}

func (r *Repo) checkOwner(top string) error {
	if r.opts.TrustOwner {
		return nil
	}
	for _, p := range []string{top, filepath.Join(top, ".git")} {
		fi, err := os.Lstat(p)
		if err != nil {
			return &Error{Op: "open the repository", Dir: top, Kind: ErrNotRepo, Err: err}
		}
		if st, ok := fi.Sys().(*syscall.Stat_t); ok && int(st.Uid) != os.Geteuid() {
			return &Error{Op: "open the repository", Dir: top, Kind: ErrOwner, Detail: p + " is not owned by the user who runs this",
				Hint: "run as its owner, or allow other owners"}
		}
	}
	return nil
}

// need says what must hold before a git call.
type need int

const (
	quick   need = iota // plumbing that cannot run configured programs
	guarded             // the repository's configuration is checked first
	network             // guarded, and the time limit is the caller's own
)

// git runs one command and maps how it failed. Exit codes that are answers are
// listed in fine.
func (r *Repo) git(ctx context.Context, op string, c call, n need, fine ...int) (result, error) {
	if n >= guarded {
		if err := r.checkConfig(ctx, op); err != nil {
			return result{}, err
		}
	}
	if n != network {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, r.opts.Timeout)
		defer cancel()
	}
	c.args = append(r.settings(), c.args...)
	trace, done := r.traceHooks()
	defer done()
	c.env = r.environment(trace.env...)
	res, err := run(ctx, r.program, r.Dir, c)
	if err != nil {
		return res, r.runError(op, res, err)
	}
	if hook := trace.failed(); hook != nil {
		hook.Applied = res.code == 0
		return res, r.hookError(op, hook, res)
	}
	for _, code := range append(fine, 0) {
		if res.code == code {
			return res, nil
		}
	}
	return res, r.exitError(op, res)
}

func (r *Repo) runError(op string, res result, err error) error {
	e := &Error{Op: op, Dir: r.Dir, Stderr: res.stderr, Err: err}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		e.Kind, e.Detail = ErrTimeout, lastLine(res.stderr)
		e.Hint = "it was ended with all its children; give it more time, or check the remote"
	case errors.Is(err, errTooMuch):
		e.Kind = ErrTooMuch
	case errors.Is(err, os.ErrNotExist):
		e.Kind, e.Hint = ErrNoGit, "install git"
	}
	return e
}

func (r *Repo) exitError(op string, res result) error {
	e := &Error{Op: op, Dir: r.Dir, Stderr: res.stderr, Code: res.code, Detail: lastLine(res.stderr)}
	e.Hint, e.Kind = kindOf(res.stderr)
	if e.Detail == "" {
		e.Detail = codeText(res.code)
	}
	if e.Kind == ErrLocked {
		e.Lock = r.lockFrom(res.stderr)
		if e.Lock != nil {
			e.Detail = e.Lock.String()
		}
	}
	if e.Kind == ErrHook {
		e.Hook = &Hook{Name: "reference-transaction"}
	}
	return e
}

func (r *Repo) hookError(op string, h *Hook, res result) error {
	e := &Error{Op: op, Dir: r.Dir, Kind: ErrHook, Hook: h, Stderr: res.stderr, Code: res.code}
	e.Detail = "hook " + h.Name + " ended with exit code " + itoa(h.Code)
	if line := lastLine(res.stderr); line != "" {
		e.Detail += ": " + line
	}
	if h.Applied {
		e.Hint = "git had done its work before the hook ran"
	}
	return e
}
