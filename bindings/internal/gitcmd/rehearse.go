package gitcmd

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// moveHooks are the hooks that git runs in a fast-forward of the work tree; see
// githooks(5).
var moveHooks = []string{"post-checkout", "post-merge", "post-index-change", "reference-transaction"}

// Hooks lists the hooks of the repository that a fast-forward would run.
func (r *Repo) Hooks(ctx context.Context) ([]string, error) {
	res, err := r.git(ctx, "find the hooks", call{args: []string{"rev-parse", "--path-format=absolute", "--git-path", "hooks"}}, quick)
	if err != nil {
		return nil, err
	}
	dir := strings.TrimSpace(string(res.stdout))
	if dir == os.DevNull { // hooks are switched off: ask where they would be
		dir = filepath.Join(r.CommonDir, "hooks")
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil // no folder, no hooks
	}
	var found []string
	for _, e := range entries {
		info, err := os.Stat(filepath.Join(dir, e.Name()))
		if err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 && slices.Contains(moveHooks, e.Name()) {
			found = append(found, e.Name())
		}
	}
	return found, nil
}

// Rehearse does the fast-forward to a commit in a scratch work tree, with the
// repository's hooks, and takes that away again. A hook that would fail is known
// then while the real tree is untouched. It returns the hooks that were tried;
// without any it does nothing.
func (r *Repo) Rehearse(ctx context.Context, commit string) (hooks []string, err error) {
	id, err := r.ResolveCommit(ctx, commit)
	if err != nil {
		return nil, err
	}
	if hooks, err = r.Hooks(ctx); err != nil || len(hooks) == 0 {
		return nil, err
	}
	scratch, err := os.MkdirTemp("", "cortexlua-rehearsal-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	if scratch, err = filepath.EvalSymlinks(scratch); err != nil { // as git will note it
		return nil, err
	}
	dir := filepath.Join(scratch, "tree")
	withHooks := r.withHooks()
	defer r.forgetTree(dir)
	op := "rehearse the move to " + id[:12]
	if _, err := withHooks.git(ctx, op, call{args: []string{"worktree", "add", "--quiet", "--detach", dir, "HEAD"}}, guarded); err != nil {
		return hooks, err
	}
	tree, err := Open(ctx, dir, withHooks.opts)
	if err != nil {
		return hooks, err
	}
	_, err = tree.git(ctx, op, call{args: []string{"merge", "--ff-only", "--quiet", "--no-stat", id}}, guarded)
	return hooks, err
}

// withHooks is the same repository with hooks allowed.
func (r *Repo) withHooks() *Repo {
	opts := r.opts
	opts.Hooks = true
	return &Repo{Dir: r.Dir, GitDir: r.GitDir, CommonDir: r.CommonDir, opts: opts, program: r.program}
}

// withoutHooks is the same repository with hooks switched off.
func (r *Repo) withoutHooks() *Repo {
	opts := r.opts
	opts.Hooks = false
	return &Repo{Dir: r.Dir, GitDir: r.GitDir, CommonDir: r.CommonDir, opts: opts, program: r.program}
}

// forgetTree removes git's note of a scratch work tree, which is what "git worktree
// prune" does for one that is gone. No git runs for it: after a time limit there is
// only a moment left.
func (r *Repo) forgetTree(dir string) {
	notes := filepath.Join(r.CommonDir, "worktrees")
	entries, err := os.ReadDir(notes)
	if err != nil {
		return
	}
	for _, e := range entries {
		note := filepath.Join(notes, e.Name())
		text, err := os.ReadFile(filepath.Join(note, "gitdir"))
		if err == nil && strings.TrimSpace(string(text)) == filepath.Join(dir, ".git") {
			_ = os.RemoveAll(note)
		}
	}
	_ = os.Remove(notes) // if it was the only one
}
