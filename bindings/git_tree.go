package bindings

import (
	"context"
	"errors"
	"path"
	"slices"
	"strings"

	"github.com/cortexlua/cortexlua/bindings/internal/gitcmd"
	"github.com/cortexlua/cortexlua/runtime"
)

type gitLogArgs struct {
	From  string `lua:"from" doc:"commits that this one contains are left out"`
	To    string `lua:"to" doc:"the commit to start at"`
	Dir   string `lua:"dir,opt" doc:"the work tree, or a folder in it; default: the home"`
	Limit int    `lua:"limit,opt" default:"100" min:"1" max:"10000" doc:"at most so many, the newest"`
}

// logReach is how many more commits of the older side are looked at than were
// asked for, so that those which only it has do not hide the common ones.
const logReach = 1000

func (g *gitRepos) log(ctx context.Context, c *runtime.Call, a gitLogArgs) ([]gitCommit, error) {
	r, err := g.at(ctx, c, a.Dir)
	if err != nil {
		return nil, err
	}
	newer, err := r.Log(ctx, revision(c, r, a.To), a.Limit)
	if err != nil {
		return nil, gitError(ctx, err)
	}
	older, err := r.Log(ctx, revision(c, r, a.From), a.Limit+logReach)
	if err != nil {
		return nil, gitError(ctx, err)
	}
	known := make(map[string]bool, len(older))
	for _, o := range older {
		known[o.ID] = true
	}
	var out []gitCommit
	for _, n := range newer {
		if !known[n.ID] {
			out = append(out, gitCommit{Commit: n.ID, Short: n.Short, Subject: n.Subject, Time: n.Time})
		}
	}
	return out, nil
}

type gitShowArgs struct {
	Commit string `lua:"commit" doc:"a commit, by any name"`
	Path   string `lua:"path" doc:"from the top of the work tree"`
	Dir    string `lua:"dir,opt" doc:"the work tree, or a folder in it; default: the home"`
}

func (g *gitRepos) showFile(ctx context.Context, c *runtime.Call, a gitShowArgs) (*string, error) {
	r, err := g.at(ctx, c, a.Dir)
	if err != nil {
		return nil, err
	}
	file, err := r.ShowFile(ctx, revision(c, r, a.Commit), a.Path)
	if errors.Is(err, gitcmd.ErrNoFile) {
		return nil, nil
	}
	if err != nil {
		return nil, gitError(ctx, err)
	}
	text := string(file.Data)
	return &text, nil
}

type gitFilesArgs struct {
	Commit   string   `lua:"commit" doc:"a commit, by any name"`
	Dir      string   `lua:"dir,opt" doc:"the work tree, or a folder in it; default: the home"`
	Patterns []string `lua:"patterns,opt" doc:"paths from the top with * ? [a-z] in each part; ** stands for any number of folders"`
}

type gitFile struct {
	Path string `lua:"path" doc:"from the top of the work tree"`
	Mode string `lua:"mode" doc:"as git writes it: 100644, 100755 (may be executed), 120000 (link), 160000 (submodule)"`
	Size int64  `lua:"size" doc:"in bytes; -1 for a submodule"`
}

func (g *gitRepos) files(ctx context.Context, c *runtime.Call, a gitFilesArgs) ([]gitFile, error) {
	for _, p := range a.Patterns {
		if _, err := path.Match(p, ""); err != nil || p == "" {
			return nil, runtime.Errorf(runtime.Invalid, "cannot use the pattern %q: it is malformed or empty", p)
		}
	}
	r, err := g.at(ctx, c, a.Dir)
	if err != nil {
		return nil, err
	}
	list, err := r.ListTree(ctx, revision(c, r, a.Commit), "")
	if err != nil {
		return nil, gitError(ctx, err)
	}
	var out []gitFile
	for _, f := range list {
		if a.Patterns == nil || slices.ContainsFunc(a.Patterns, func(p string) bool { return matchPath(p, f.Path) }) {
			out = append(out, gitFile{Path: f.Path, Mode: f.Mode, Size: f.Size})
		}
	}
	return out, nil
}

// matchPath holds a slash path against a pattern part by part.
func matchPath(pattern, name string) bool {
	return matchParts(strings.Split(pattern, "/"), strings.Split(name, "/"))
}

func matchParts(pattern, parts []string) bool {
	switch {
	case len(pattern) == 0:
		return len(parts) == 0
	case pattern[0] == "**":
		return matchParts(pattern[1:], parts) || (len(parts) > 0 && matchParts(pattern, parts[1:]))
	case len(parts) == 0:
		return false
	}
	ok, err := path.Match(pattern[0], parts[0])
	return ok && err == nil && matchParts(pattern[1:], parts[1:])
}

type gitTargetArgs struct {
	Target string `lua:"target" doc:"the commit to switch to, by any name"`
	Dir    string `lua:"dir,opt" doc:"the work tree, or a folder in it; default: the home"`
}

type gitObstacles struct {
	Modified  []string `lua:"modified" doc:"changed here and different there"`
	Untracked []string `lua:"untracked" doc:"not tracked here and tracked there; ignored files too"`
}

func (g *gitRepos) obstacles(ctx context.Context, c *runtime.Call, a gitTargetArgs) (gitObstacles, error) {
	r, err := g.at(ctx, c, a.Dir)
	if err != nil {
		return gitObstacles{}, err
	}
	return obstaclesTo(ctx, r, revision(c, r, a.Target))
}

func obstaclesTo(ctx context.Context, r *gitcmd.Repo, target string) (gitObstacles, error) {
	modified, err := r.ModifiedInTheWay(ctx, target)
	if err != nil {
		return gitObstacles{}, gitError(ctx, err)
	}
	untracked, err := r.UntrackedInTheWay(ctx, target)
	return gitObstacles{Modified: modified, Untracked: untracked}, gitError(ctx, err)
}
