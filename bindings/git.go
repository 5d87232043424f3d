package bindings

import (
	"context"
	"errors"
	"time"

	"github.com/cortexlua/cortexlua/bindings/internal/gitcmd"
	"github.com/cortexlua/cortexlua/runtime"
)

func gitModule(h *Host) runtime.Module {
	g := &gitRepos{host: h, open: map[gitKey]*gitcmd.Repo{}}
	return runtime.Module{
		Name: "git",
		Doc:  "Look at a git work tree and move it to a commit. Git never prompts, never hangs, and runs no hook unless asked to. The work tree is that of the home, or of dir.",
		Funcs: []runtime.Func{
			runtime.Query("head", "Tells the commit and branch that are checked out.", g.head, runtime.GitRead).MayNeed(runtime.FSRead).
				Example(`git.head().branch  --> "main"`),
			runtime.Query("status", "Lists what differs from the commit that is checked out. Untracked files do not make it unclean.", g.status, runtime.GitRead).MayNeed(runtime.FSRead).
				Example(`git.status({ exclude = { "coordination" } }).clean  --> true`),
			runtime.Query("busy", "Tells what stands in the way of changing the work tree, an unfinished merge or a lock file, or gives nil.", g.busy, runtime.GitRead).MayNeed(runtime.FSRead).
				Example(`git.busy()  --> nil`),
			runtime.Query("fetch", "Brings the commits and branches of a remote. It touches no file of the work tree and no local branch, and runs in a dry run too: without the new commits a plan could not be true.", g.fetch, runtime.GitFetch).MayNeed(runtime.FSRead).
				Example(`git.fetch("origin", { timeout = "30s" }).updated["refs/remotes/origin/main"]  --> "9fceb02d..."`),
			runtime.Query("resolve", "Gives the full hash of the commit that a name stands for, or nil.", g.resolve, runtime.GitRead).MayNeed(runtime.FSRead).
				Example(`git.resolve("refs/remotes/origin/main")  --> "9fceb02d..."`),
			runtime.Query("is_ancestor", "Tells whether a commit is contained in another; it contains itself.", g.isAncestor, runtime.GitRead).MayNeed(runtime.FSRead).
				Example(`git.is_ancestor("HEAD~1", "HEAD")  --> true`),
			runtime.Query("changes", "Lists the files that differ between two commits. A rename shows as deleted and added.", g.changes, runtime.GitRead).MayNeed(runtime.FSRead).
				Example(`git.changes("HEAD~1", "HEAD")[1]  --> { status = "modified", path = "scripts/worker.sh" }`),
			runtime.Query("log", "Lists the commits that a commit has beyond another, newest first.", g.log, runtime.GitRead).MayNeed(runtime.FSRead).
				Example(`#git.log("HEAD~3", "HEAD")  --> 3`),
			runtime.Query("show_file", "Reads a file as a commit has it, or gives nil.", g.showFile, runtime.GitRead).MayNeed(runtime.FSRead).
				Example(`git.show_file("HEAD", "no/such/file")  --> nil`),
			runtime.Query("files", "Lists the files of a commit: all of them, or those that match patterns.", g.files, runtime.GitRead).MayNeed(runtime.FSRead).
				Example(`git.files("HEAD", { patterns = { "scripts/**/*.sh" } })[1].mode  --> "100755"`),
			runtime.Query("obstacles", "Lists the files whose content would be lost by switching to a commit.", g.obstacles, runtime.GitRead).MayNeed(runtime.FSRead).
				Example(`#git.obstacles("HEAD").untracked  --> 0`),
			runtime.Action("rehearse", "Tries a fast-forward with the repository's hooks in a scratch work tree, and gives the hooks that ran. One that fails is an error.", g.rehearse, runtime.GitWrite, runtime.ProcessSpawn).MayNeed(runtime.FSWrite),
			runtime.Action("fast_forward", "Moves the branch and its work tree forward to a commit that contains the current one. It refuses what would lose anything.", g.fastForward, runtime.GitWrite).MayNeed(runtime.FSWrite, runtime.ProcessSpawn),
			runtime.Action("return_to", "Puts the tracked files exactly at a commit, older or newer, giving up changes in them. Untracked files stay unless they are in the way.", g.returnTo, runtime.GitWrite).MayNeed(runtime.FSWrite),
		},
	}
}

type gitHeadArgs struct {
	Dir string `lua:"dir,opt" doc:"the work tree, or a folder in it; default: the home"`
}

type gitCommit struct {
	Commit  string    `lua:"commit" doc:"the full hash"`
	Short   string    `lua:"short"`
	Subject string    `lua:"subject" doc:"the first line of its message"`
	Time    time.Time `lua:"time" doc:"when it was committed, in seconds since 1970"`
}

type gitHead struct {
	Commit  string    `lua:"commit" doc:"the full hash"`
	Short   string    `lua:"short"`
	Branch  string    `lua:"branch,opt" doc:"nil when HEAD is detached"`
	Subject string    `lua:"subject" doc:"the first line of its message"`
	Time    time.Time `lua:"time" doc:"when it was committed, in seconds since 1970"`
}

func (g *gitRepos) head(ctx context.Context, c *runtime.Call, a gitHeadArgs) (gitHead, error) {
	r, err := g.at(ctx, c, a.Dir)
	if err != nil {
		return gitHead{}, err
	}
	head, err := r.Head(ctx)
	if plan, ok := plannedHead(c, r); ok && err == nil {
		head.Branch = plan.branch
		var list []gitcmd.Commit
		if list, err = r.Log(ctx, plan.commit, 1); err == nil {
			head.Commit = list[0]
		}
	}
	if err != nil {
		return gitHead{}, gitError(ctx, err)
	}
	return gitHead{Commit: head.ID, Short: head.Short, Branch: head.Branch, Subject: head.Subject, Time: head.Time}, nil
}

type gitStatusArgs struct {
	Dir     string   `lua:"dir,opt" doc:"the work tree, or a folder in it; default: the home"`
	Exclude []string `lua:"exclude,opt" doc:"paths from the top that are not looked at, with all below them; * ? [a-z] ** may stand in them"`
}

type gitStatus struct {
	Clean      bool     `lua:"clean" doc:"nothing is modified, staged or conflicted"`
	Modified   []string `lua:"modified" doc:"changed or deleted in the work tree"`
	Staged     []string `lua:"staged"`
	Untracked  []string `lua:"untracked" doc:"not ignored"`
	Conflicted []string `lua:"conflicted"`
}

func (g *gitRepos) status(ctx context.Context, c *runtime.Call, a gitStatusArgs) (gitStatus, error) {
	r, err := g.at(ctx, c, a.Dir)
	if err != nil {
		return gitStatus{}, err
	}
	s, err := r.Status(ctx, a.Exclude...)
	if err != nil {
		return gitStatus{}, gitError(ctx, err)
	}
	if plan, ok := plannedHead(c, r); ok && plan.exact {
		return gitStatus{Clean: true, Untracked: s.Untracked}, nil
	}
	return gitStatus{
		Clean:    len(s.Changed()) == 0,
		Modified: s.Modified, Staged: s.Staged, Untracked: s.Untracked, Conflicted: s.Conflicted,
	}, nil
}

type gitBusy struct {
	What string `lua:"what" doc:"merge, rebase, am, cherry-pick, revert, bisect, or the name of a lock file such as index.lock"`
	Path string `lua:"path,opt" doc:"the lock file"`
	Why  string `lua:"why" doc:"what is known of it, for people"`
	Hint string `lua:"hint" doc:"what to do about it"`
	PID  int    `lua:"pid,opt" doc:"the process that holds the lock file, if one does"`
}

func (g *gitRepos) busy(ctx context.Context, c *runtime.Call, a gitHeadArgs) (*gitBusy, error) {
	r, err := g.at(ctx, c, a.Dir)
	if err != nil {
		return nil, err
	}
	b, err := r.Busy(ctx)
	if err != nil || !b.Any() {
		return nil, gitError(ctx, err)
	}
	return describeBusy(b), nil
}

type gitFetchArgs struct {
	Remote  string        `lua:"remote" doc:"the name of a configured remote"`
	Dir     string        `lua:"dir,opt" doc:"the work tree, or a folder in it; default: the home"`
	Timeout time.Duration `lua:"timeout,opt" default:"1m" doc:"when git and all its children are ended"`
}

type gitFetched struct {
	Updated  map[string]string `lua:"updated" doc:"the references that are new or moved, and their commits"`
	Branches map[string]string `lua:"branches" doc:"the remote's branches and their commits; one that it has no more is missing"`
}

func (g *gitRepos) fetch(ctx context.Context, c *runtime.Call, a gitFetchArgs) (gitFetched, error) {
	if err := c.Require(runtime.GitFetch.In(a.Remote)); err != nil {
		return gitFetched{}, err
	}
	r, err := g.at(ctx, c, a.Dir)
	if err != nil {
		return gitFetched{}, err
	}
	if a.Timeout <= 0 { // to the engine 0 is no limit
		return gitFetched{}, runtime.Errorf(runtime.Invalid, "cannot fetch within %s: the timeout must be above zero", runtime.FormatDuration(a.Timeout))
	}
	c.Progress(ctx, "fetching from %s", a.Remote)
	done, err := r.Fetch(ctx, a.Remote, a.Timeout)
	return gitFetched{Updated: done.Updated, Branches: done.Branches}, gitError(ctx, err)
}

type gitNameArgs struct {
	Name string `lua:"name" doc:"a branch, tag, hash or HEAD~2"`
	Dir  string `lua:"dir,opt" doc:"the work tree, or a folder in it; default: the home"`
}

func (g *gitRepos) resolve(ctx context.Context, c *runtime.Call, a gitNameArgs) (*string, error) {
	r, err := g.at(ctx, c, a.Dir)
	if err != nil {
		return nil, err
	}
	id, err := r.ResolveCommit(ctx, revision(c, r, a.Name))
	if errors.Is(err, gitcmd.ErrUnknownCommit) {
		return nil, nil
	}
	if err != nil {
		return nil, gitError(ctx, err)
	}
	return &id, nil
}

type gitAncestorArgs struct {
	Ancestor   string `lua:"ancestor" doc:"the older commit"`
	Descendant string `lua:"descendant" doc:"the newer commit"`
	Dir        string `lua:"dir,opt" doc:"the work tree, or a folder in it; default: the home"`
}

func (g *gitRepos) isAncestor(ctx context.Context, c *runtime.Call, a gitAncestorArgs) (bool, error) {
	r, err := g.at(ctx, c, a.Dir)
	if err != nil {
		return false, err
	}
	is, err := r.IsAncestor(ctx, revision(c, r, a.Ancestor), revision(c, r, a.Descendant))
	return is, gitError(ctx, err)
}

type gitRangeArgs struct {
	From string `lua:"from" doc:"the commit to start from"`
	To   string `lua:"to" doc:"the commit to compare with it"`
	Dir  string `lua:"dir,opt" doc:"the work tree, or a folder in it; default: the home"`
}

type gitChange struct {
	Status string `lua:"status" doc:"added, deleted, modified or type_changed"`
	Path   string `lua:"path" doc:"from the top of the work tree"`
}

func (g *gitRepos) changes(ctx context.Context, c *runtime.Call, a gitRangeArgs) ([]gitChange, error) {
	r, err := g.at(ctx, c, a.Dir)
	if err != nil {
		return nil, err
	}
	list, err := r.Diff(ctx, revision(c, r, a.From), revision(c, r, a.To))
	if err != nil {
		return nil, gitError(ctx, err)
	}
	out := make([]gitChange, len(list))
	for i, ch := range list {
		out[i] = gitChange{Status: changeWord(ch.Status), Path: ch.Path}
	}
	return out, nil
}

func changeWord(letter byte) string {
	switch letter {
	case 'A':
		return "added"
	case 'D':
		return "deleted"
	case 'T':
		return "type_changed"
	}
	return "modified"
}
