package gitcmd

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Commit is one commit.
type Commit struct {
	ID      string // full hash
	Short   string
	Subject string
	Time    time.Time // of the committer
}

// Head is what is checked out.
type Head struct {
	Commit
	Branch string // without refs/heads/; empty when detached
}

// commitFormat: zero bytes part the fields; the subject is the last, as it can
// hold anything else.
const commitFormat = "--format=%H%x00%h%x00%ct%x00%s"

// Head tells the commit and branch that are checked out. A branch without any
// commit gives ErrUnknownCommit.
func (r *Repo) Head(ctx context.Context) (Head, error) {
	list, err := r.log(ctx, "read the current commit", "HEAD", 1)
	if err != nil {
		return Head{}, err
	}
	branch, err := r.branch(ctx)
	return Head{Commit: list[0], Branch: branch}, err
}

// branch reads HEAD itself where it can, which saves a process; with the
// reftable format the file only holds a stand-in.
func (r *Repo) branch(ctx context.Context) (string, error) {
	data, err := os.ReadFile(filepath.Join(r.GitDir, "HEAD"))
	if err == nil {
		ref, symbolic := strings.CutPrefix(strings.TrimSpace(string(data)), "ref: ")
		if !symbolic {
			return "", nil
		}
		if name, ok := strings.CutPrefix(ref, "refs/heads/"); ok && name != ".invalid" {
			return name, nil
		}
	}
	res, err := r.git(ctx, "read the current branch", call{args: []string{"symbolic-ref", "--quiet", "--short", "HEAD"}}, quick, 1)
	return strings.TrimSpace(string(res.stdout)), err
}

// Log returns the last n commits that lead to a commit, newest first.
func (r *Repo) Log(ctx context.Context, from string, n int) ([]Commit, error) {
	if from == "" {
		from = "HEAD"
	}
	if err := checkRevision("read the log", r.Dir, from); err != nil {
		return nil, err
	}
	return r.log(ctx, "read the log", from, n)
}

func (r *Repo) log(ctx context.Context, op, from string, n int) ([]Commit, error) {
	id, err := r.ResolveCommit(ctx, from)
	if err != nil {
		return nil, err
	}
	res, err := r.git(ctx, op, call{args: []string{"log", "-z", "-n", strconv.Itoa(n), "--no-decorate", "--no-show-signature", "--no-notes", commitFormat, id, "--"}}, guarded)
	if err != nil {
		return nil, err
	}
	fields := strings.Split(strings.TrimSuffix(string(res.stdout), "\x00"), "\x00")
	var out []Commit
	for ; len(fields) >= 4; fields = fields[4:] {
		secs, _ := strconv.ParseInt(fields[2], 10, 64)
		out = append(out, Commit{ID: fields[0], Short: fields[1], Time: time.Unix(secs, 0), Subject: fields[3]})
	}
	if len(out) == 0 {
		return nil, &Error{Op: op, Dir: r.Dir, Kind: ErrUnknownCommit, Detail: from}
	}
	return out, nil
}

// ResolveCommit turns a name (branch, tag, hash, HEAD~2) into the full hash of
// a commit that exists here. A name can never be taken for an option.
func (r *Repo) ResolveCommit(ctx context.Context, name string) (string, error) {
	const op = "find a commit"
	if err := checkRevision(op, r.Dir, name); err != nil {
		return "", err
	}
	res, err := r.git(ctx, op, call{args: []string{"rev-parse", "--verify", "--quiet", "--end-of-options", name + "^{commit}"}}, quick, 1, 128)
	if err != nil {
		return "", err
	}
	id := strings.TrimSpace(string(res.stdout))
	if res.code != 0 || !isHash(id) {
		return "", &Error{Op: op, Dir: r.Dir, Kind: ErrUnknownCommit, Detail: name, Stderr: res.stderr, Code: res.code,
			Hint: "fetch first, or check the name with git log"}
	}
	return id, nil
}

// IsAncestor says whether old is reached from new (a commit is its own ancestor).
func (r *Repo) IsAncestor(ctx context.Context, old, new string) (bool, error) {
	a, err := r.ResolveCommit(ctx, old)
	if err != nil {
		return false, err
	}
	b, err := r.ResolveCommit(ctx, new)
	if err != nil {
		return false, err
	}
	res, err := r.git(ctx, "compare commits", call{args: []string{"merge-base", "--is-ancestor", a, b}}, quick, 1)
	return err == nil && res.code == 0, err
}

// Change is one difference between two commits. Renames appear as D and A.
type Change struct {
	Status byte // A added, D deleted, M modified, T type changed
	Path   string
}

// Diff lists the files that differ between two commits, sorted by path.
func (r *Repo) Diff(ctx context.Context, from, to string) ([]Change, error) {
	a, err := r.ResolveCommit(ctx, from)
	if err != nil {
		return nil, err
	}
	b, err := r.ResolveCommit(ctx, to)
	if err != nil {
		return nil, err
	}
	res, err := r.git(ctx, "compare commits", call{args: []string{"diff-tree", "-r", "-z", "--name-status", "--no-renames",
		"--no-ext-diff", "--no-textconv", "--ignore-submodules=none", a, b, "--"}}, guarded)
	if err != nil {
		return nil, err
	}
	fields := strings.Split(strings.TrimSuffix(string(res.stdout), "\x00"), "\x00")
	var out []Change
	for ; len(fields) >= 2; fields = fields[2:] {
		if fields[0] != "" {
			out = append(out, Change{fields[0][0], fields[1]})
		}
	}
	return out, nil
}
