package bindings

import (
	"context"
	"errors"
	"path"
	"sync"

	"github.com/cortexlua/cortexlua/bindings/internal/gitcmd"
	"github.com/cortexlua/cortexlua/runtime"
)

// gitRepos keeps the repositories that a run has opened: opening one runs git
// twice, and its configuration is looked at once.
type gitRepos struct {
	host *Host
	mu   sync.Mutex
	open map[gitKey]*gitcmd.Repo
}

type gitKey struct {
	dir   string
	hooks bool
}

// at opens the work tree that holds dir, to look at it.
func (g *gitRepos) at(ctx context.Context, c *runtime.Call, dir string) (*gitcmd.Repo, error) {
	return g.repo(ctx, c, dir, runtime.FSRead, false)
}

// toWrite opens it to change files in it.
func (g *gitRepos) toWrite(ctx context.Context, c *runtime.Call, dir string, hooks bool) (*gitcmd.Repo, error) {
	return g.repo(ctx, c, dir, runtime.FSWrite, hooks)
}

// repo opens a repository. The permissions of git are for the home's own work
// tree; one elsewhere also needs the right to the root that it is in.
func (g *gitRepos) repo(ctx context.Context, c *runtime.Call, dir string, needs runtime.Permission, hooks bool) (*gitcmd.Repo, error) {
	home, err := g.host.home()
	if err != nil {
		return nil, err
	}
	roots, err := g.host.roots()
	if err != nil {
		return nil, err
	}
	abs := home
	if dir != "" {
		var root string
		if root, _, abs, err = roots.Locate(dir); err != nil {
			return nil, placeError(err)
		}
		if err := c.Require(needs.In(root)); err != nil {
			return nil, err
		}
	}
	r, err := g.opened(ctx, gitKey{abs, hooks})
	if err != nil {
		return nil, err
	}
	// A home without a repository of its own may lie in somebody else's.
	if _, _, _, err := roots.Locate(r.Dir); err != nil {
		return nil, runtime.Errorf(runtime.Denied, "cannot use git in %s: it is no work tree of its own, the one around it is %s", abs, r.Dir).
			WithHint("git -C %s init, or name another --home", abs)
	}
	return r, nil
}

func (g *gitRepos) opened(ctx context.Context, key gitKey) (*gitcmd.Repo, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if r := g.open[key]; r != nil {
		return r, nil
	}
	reg, err := g.host.Registry(ctx)
	if err != nil {
		return nil, err
	}
	allowed := reg.Release.Git
	r, err := gitcmd.Open(ctx, key.dir, gitcmd.Options{
		Hooks: key.hooks, SSHAgent: true, TrustOwner: allowed.TrustOwner, AllowConfig: allowed.AllowConfig,
	})
	if err != nil {
		return nil, gitError(ctx, err)
	}
	g.open[key] = r
	return r, nil
}

// describeBusy picks the first of what stands in the way.
func describeBusy(b gitcmd.Busy) *gitBusy {
	if len(b.Operations) > 0 {
		what := b.Operations[0]
		return &gitBusy{What: what, Why: "a " + what + " is not finished", Hint: "finish or abort it first (git status tells how)"}
	}
	lock := b.Locks[0]
	out := &gitBusy{What: path.Base(lock.Path), Path: lock.Path, Why: lock.String(), PID: lock.Holder}
	out.Hint = "wait for the other git to end"
	if lock.Holder == 0 {
		out.Hint = "it was left by a git that died; rm " + lock.Path + " and try again"
	}
	return out
}

// gitError gives an engine's error its kind; the hint moves to its own place.
func gitError(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var e *gitcmd.Error
	if !errors.As(err, &e) {
		return err
	}
	bare := *e
	bare.Hint = ""
	out := runtime.Errorf(gitKind(err), "%w", &bare).WithHint("%s", e.Hint).With("repository", e.Dir)
	if len(e.Paths) > 0 {
		out = out.With("paths", e.Paths)
	}
	if e.Lock != nil {
		out = out.With("lock", e.Lock.Path)
	}
	if e.Hook != nil {
		out = out.With("hook", e.Hook.Name).With("applied", e.Hook.Applied)
	}
	if e.Stderr != "" {
		out = out.With("stderr", e.Stderr)
	}
	return out
}

func gitKind(err error) runtime.Kind {
	for _, k := range []struct {
		err  error
		kind runtime.Kind
	}{
		{gitcmd.ErrNoGit, runtime.NotFound}, {gitcmd.ErrNotRepo, runtime.NotFound},
		{gitcmd.ErrUnknownRemote, runtime.NotFound}, {gitcmd.ErrUnknownCommit, runtime.NotFound}, {gitcmd.ErrNoFile, runtime.NotFound},
		{gitcmd.ErrOwner, runtime.Denied}, {gitcmd.ErrHostile, runtime.Denied}, {gitcmd.ErrAuth, runtime.Denied},
		{gitcmd.ErrDiverged, runtime.Conflict}, {gitcmd.ErrInTheWay, runtime.Conflict}, {gitcmd.ErrBusy, runtime.Conflict},
		{gitcmd.ErrLocked, runtime.Conflict}, {gitcmd.ErrMoved, runtime.Conflict},
		{gitcmd.ErrTimeout, runtime.Timeout}, {gitcmd.ErrInvalidName, runtime.Invalid},
	} {
		if errors.Is(err, k.err) {
			return k.kind
		}
	}
	return runtime.KindOf(err)
}
