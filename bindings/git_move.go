package bindings

import (
	"context"
	"slices"
	"strings"

	"github.com/cortexlua/cortexlua/bindings/internal/gitcmd"
	"github.com/cortexlua/cortexlua/runtime"
)

// headPlan is where a dry run planned to put HEAD.
type headPlan struct {
	commit string
	branch string
	exact  bool // changes of tracked files are given up on the way
}

// headKey is under which it is kept: each work tree has a HEAD of its own.
func headKey(r *gitcmd.Repo) string { return "git:head:" + r.Dir }

func plannedHead(c *runtime.Call, r *gitcmd.Repo) (headPlan, bool) {
	v, ok := c.Planned(headKey(r))
	plan, _ := v.(headPlan)
	return plan, ok
}

// revision replaces HEAD and the branch that it is on by what a dry run planned
// for them, so that "HEAD~1" or "main" mean what they will mean.
func revision(c *runtime.Call, r *gitcmd.Repo, name string) string {
	plan, ok := plannedHead(c, r)
	if !ok {
		return name
	}
	end := strings.IndexAny(name, "~^")
	if end < 0 {
		end = len(name)
	}
	base := name[:end]
	branch := plan.branch != "" && (base == plan.branch || base == "refs/heads/"+plan.branch)
	if base == "HEAD" || base == "@" || branch {
		return plan.commit + name[end:]
	}
	return name
}

// current is HEAD as the run sees it: planned, or real.
func current(ctx context.Context, c *runtime.Call, r *gitcmd.Repo) (headPlan, error) {
	if plan, ok := plannedHead(c, r); ok {
		return plan, nil
	}
	head, err := r.Head(ctx)
	return headPlan{commit: head.ID, branch: head.Branch}, gitError(ctx, err)
}

type gitForwardArgs struct {
	Commit string   `lua:"commit" doc:"the commit to move to, by any name"`
	Dir    string   `lua:"dir,opt" doc:"the work tree, or a folder in it; default: the home"`
	Hooks  bool     `lua:"hooks,opt" default:"false" doc:"run the repository's hooks; one that fails is an error"`
	Keep   []string `lua:"keep,opt" doc:"plain paths from the top: local changes at or below them win over what the commit has there, instead of being in the way"`
}

type gitMoved struct {
	Commit string `lua:"commit" doc:"where HEAD is now"`
	From   string `lua:"from" doc:"where it was"`
	Branch string `lua:"branch,opt" doc:"nil when HEAD is detached"`
}

func (g *gitRepos) fastForward(ctx context.Context, c *runtime.Call, a gitForwardArgs) (runtime.Change[gitMoved], error) {
	if a.Hooks { // hooks are programs, whichever the repository has
		if err := c.Require(runtime.ProcessSpawn); err != nil {
			return runtime.Change[gitMoved]{}, because(err, "hooks are programs")
		}
	}
	r, err := g.toWrite(ctx, c, a.Dir, a.Hooks)
	if err != nil {
		return runtime.Change[gitMoved]{}, err
	}
	id, err := r.ResolveCommit(ctx, revision(c, r, a.Commit))
	if err != nil {
		return runtime.Change[gitMoved]{}, gitError(ctx, err)
	}
	was, err := current(ctx, c, r)
	if err != nil {
		return runtime.Change[gitMoved]{}, err
	}
	done := gitMoved{Commit: id, From: was.commit, Branch: was.branch}
	if was.commit == id {
		return runtime.Unchanged(done), nil
	}
	if err := mayForward(ctx, r, was.commit, id, a.Keep); err != nil {
		return runtime.Change[gitMoved]{}, err
	}
	return runtime.Change[gitMoved]{
		Summary: "fast-forward " + where(was) + " to " + short(id),
		Result:  done,
		Planned: map[string]any{headKey(r): headPlan{commit: id, branch: was.branch, exact: was.exact}},
		Apply: func(ctx context.Context) (gitMoved, error) {
			if err := stillAt(ctx, r, was); err != nil {
				return gitMoved{}, err
			}
			return done, gitError(ctx, r.FastForward(ctx, id, a.Keep...))
		},
	}, nil
}

// mayForward makes the checks of a fast-forward. The engine makes them again when
// it acts; here they make the plan of a dry run true.
func mayForward(ctx context.Context, r *gitcmd.Repo, from, to string, keep []string) error {
	op := "fast-forward to " + short(to)
	if err := notBusy(ctx, r, op); err != nil {
		return err
	}
	contained, err := r.IsAncestor(ctx, from, to)
	if err != nil {
		return gitError(ctx, err)
	}
	if !contained {
		return gitError(ctx, &gitcmd.Error{Op: op, Dir: r.Dir, Kind: gitcmd.ErrDiverged,
			Detail: "the current commit " + short(from) + " is not contained in it",
			Hint:   "merge or rebase by hand, or choose another commit"})
	}
	found, err := obstaclesTo(ctx, r, to)
	if err != nil {
		return err
	}
	paths := slices.DeleteFunc(slices.Concat(found.Modified, found.Untracked), func(p string) bool {
		return slices.ContainsFunc(keep, func(top string) bool { return gitcmd.Inside(top, p) })
	})
	if len(paths) > 0 {
		return gitError(ctx, &gitcmd.Error{Op: op, Dir: r.Dir, Kind: gitcmd.ErrInTheWay,
			Detail: strings.Join(paths[:min(len(paths), 5)], ", "), Paths: paths,
			Hint: "commit, move or remove them"})
	}
	return nil
}

func notBusy(ctx context.Context, r *gitcmd.Repo, op string) error {
	b, err := r.Busy(ctx)
	if err != nil || !b.Any() {
		return gitError(ctx, err)
	}
	e := &gitcmd.Error{Op: op, Dir: r.Dir, Kind: gitcmd.ErrBusy, Detail: b.String(), Hint: describeBusy(b).Hint}
	if len(b.Operations) == 0 {
		e.Kind, e.Lock = gitcmd.ErrLocked, &b.Locks[0]
	}
	return gitError(ctx, e)
}

// stillAt proves between the check and the change that nobody else has moved
// the work tree.
func stillAt(ctx context.Context, r *gitcmd.Repo, was headPlan) error {
	head, err := r.Head(ctx)
	if err != nil {
		return gitError(ctx, err)
	}
	if head.ID != was.commit || head.Branch != was.branch {
		return runtime.Errorf(runtime.Conflict, "cannot move the work tree %s: it was at %s and is now at %s",
			r.Dir, where(was), where(headPlan{commit: head.ID, branch: head.Branch})).
			WithHint("another run or person works in it; try again")
	}
	return nil
}

type gitReturnArgs struct {
	Commit  string   `lua:"commit" doc:"the commit to put the tree at, by any name"`
	Dir     string   `lua:"dir,opt" doc:"the work tree, or a folder in it; default: the home"`
	Branch  string   `lua:"branch,opt" doc:"the branch that is moved there and checked out, made if need be; default: a detached HEAD"`
	Exclude []string `lua:"exclude,opt" doc:"paths that are put back by other means: the check afterwards does not look at them"`
	Leaving string   `lua:"leaving,opt" doc:"the commit that a move which was cut off was on its way to: what it had written is removed"`
	Locks   string   `lua:"locks,opt" default:"refuse" enum:"refuse,break" doc:"break: lock files that no process of git holds are removed"`
}

type gitReturned struct {
	Commit    string   `lua:"commit" doc:"where HEAD is now"`
	From      string   `lua:"from" doc:"where it was"`
	Branch    string   `lua:"branch,opt" doc:"nil when HEAD is detached"`
	Untracked []string `lua:"untracked" doc:"files that git does not know and that are still there"`
}

func (g *gitRepos) returnTo(ctx context.Context, c *runtime.Call, a gitReturnArgs) (runtime.Change[gitReturned], error) {
	r, err := g.toWrite(ctx, c, a.Dir, false)
	if err != nil {
		return runtime.Change[gitReturned]{}, err
	}
	id, err := r.ResolveCommit(ctx, revision(c, r, a.Commit))
	if err != nil {
		return runtime.Change[gitReturned]{}, gitError(ctx, err)
	}
	opts := gitcmd.ResetOptions{Force: true, Exclude: a.Exclude, Leaving: a.Leaving, BreakLocks: a.Locks == "break"}
	if !opts.BreakLocks { // else the engine judges them
		if err := notBusy(ctx, r, "return to "+short(id)); err != nil {
			return runtime.Change[gitReturned]{}, err
		}
	}
	was, err := current(ctx, c, r)
	if err != nil {
		return runtime.Change[gitReturned]{}, err
	}
	s, err := r.Status(ctx, a.Exclude...)
	if err != nil {
		return runtime.Change[gitReturned]{}, gitError(ctx, err)
	}
	to := headPlan{commit: id, branch: a.Branch, exact: true}
	done := gitReturned{Commit: id, From: was.commit, Branch: a.Branch, Untracked: s.Untracked}
	clean := was.exact || len(s.Changed()) == 0
	if was.commit == id && was.branch == a.Branch && clean && a.Leaving == "" {
		return runtime.Unchanged(done), nil
	}
	return runtime.Change[gitReturned]{
		Summary: "return " + r.Dir + " from " + where(was) + " to " + where(to),
		Result:  done,
		Planned: map[string]any{headKey(r): to},
		Apply: func(ctx context.Context) (gitReturned, error) {
			if err := stillAt(ctx, r, was); err != nil {
				return gitReturned{}, err
			}
			res, err := r.ResetTo(ctx, id, a.Branch, opts)
			done.Untracked = res.Untracked
			return done, gitError(ctx, err)
		},
	}, nil
}

func short(id string) string { return id[:min(12, len(id))] }

// where names a HEAD: "main (9fceb02d0ae5)".
func where(h headPlan) string {
	if h.branch == "" {
		return short(h.commit)
	}
	return h.branch + " (" + short(h.commit) + ")"
}
