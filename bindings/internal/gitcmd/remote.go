package gitcmd

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Remote is a configured remote; URL is where it fetches from.
type Remote struct{ Name, URL string }

// Remotes lists the configured remotes, sorted by name.
func (r *Repo) Remotes(ctx context.Context) ([]Remote, error) {
	res, err := r.git(ctx, "list the remotes", call{args: []string{"remote"}}, quick)
	if err != nil {
		return nil, err
	}
	var out []Remote
	for name := range strings.Lines(string(res.stdout)) {
		name = strings.TrimSpace(name)
		url, err := r.git(ctx, "list the remotes", call{args: []string{"config", "--local", "--get", "remote." + name + ".url"}}, quick, 1)
		if err != nil {
			return nil, err
		}
		out = append(out, Remote{name, strings.TrimSpace(string(url.stdout))})
	}
	return out, nil
}

// Fetched tells what a fetch brought.
type Fetched struct {
	// Updated maps refs that moved or are new to their commits
	// ("refs/remotes/origin/main").
	Updated map[string]string
	// Branches are those that the remote gave, by their name there. One that was
	// deleted or renamed on the remote is missing here, while its old tracking
	// reference stays for ever.
	Branches map[string]string
}

// Fetch brings the remote's branches and tags up to date; nothing in the work
// tree or in local branches changes. timeout bounds it (0: only the context
// does). Failures: ErrRemote, ErrAuth, ErrTimeout, ErrUnknownRemote; Detail holds
// git's own last line.
func (r *Repo) Fetch(ctx context.Context, remote string, timeout time.Duration) (Fetched, error) {
	op := "fetch from " + remote
	if err := checkBranch(op, r.Dir, remote); err != nil {
		return Fetched{}, err
	}
	if err := r.knownRemote(ctx, op, remote); err != nil {
		return Fetched{}, err
	}
	before, err := r.Refs(ctx, "refs/remotes/"+remote)
	if err != nil {
		return Fetched{}, err
	}
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	_, err = r.git(ctx, op, call{args: []string{"fetch", "--quiet", "--no-recurse-submodules", "--no-auto-maintenance", "--end-of-options", remote}}, network)
	if err != nil {
		return Fetched{}, err
	}
	after, err := r.Refs(ctx, "refs/remotes/"+remote)
	if err != nil {
		return Fetched{}, err
	}
	out := Fetched{Updated: map[string]string{}}
	for ref, id := range after {
		if before[ref] != id {
			out.Updated[ref] = id
		}
	}
	out.Branches, err = r.fetchedBranches(op)
	return out, err
}

// fetchedBranches reads what the last fetch wrote to FETCH_HEAD, a line for each
// reference: hash, tab, "not-for-merge" or nothing, tab, "branch 'NAME' of URL".
func (r *Repo) fetchedBranches(op string) (map[string]string, error) {
	data, err := os.ReadFile(filepath.Join(r.GitDir, "FETCH_HEAD"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // nothing at all to fetch leaves none
		return nil, &Error{Op: op, Dir: r.Dir, Err: err}
	}
	out := map[string]string{}
	for line := range strings.Lines(string(data)) {
		fields := strings.SplitN(line, "\t", 3)
		if len(fields) != 3 || !isHash(fields[0]) {
			continue
		}
		if name, ok := strings.CutPrefix(fields[2], "branch '"); ok {
			name, _, _ = strings.Cut(name, "' of ") // no name of a branch holds a space
			out[name] = fields[0]
		}
	}
	return out, nil
}

// knownRemote keeps a URL or a path from being fetched from under the name of a
// remote.
func (r *Repo) knownRemote(ctx context.Context, op, remote string) error {
	list, err := r.Remotes(ctx)
	if err != nil {
		return err
	}
	var names []string
	for _, known := range list {
		if known.Name == remote {
			return nil
		}
		names = append(names, known.Name)
	}
	have := "there are none"
	if len(names) > 0 {
		have = "there is " + strings.Join(names, ", ")
	}
	return &Error{Op: op, Dir: r.Dir, Kind: ErrUnknownRemote, Detail: remote, Hint: have + "; add it with git remote add"}
}

// Refs lists references below a prefix (whole parts of a name) and the objects
// that they name.
func (r *Repo) Refs(ctx context.Context, prefix string) (map[string]string, error) {
	if err := checkBranch("list references", r.Dir, prefix); err != nil {
		return nil, err
	}
	res, err := r.git(ctx, "list references", call{args: []string{"for-each-ref", "--format=%(objectname) %(refname)", prefix}}, quick)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for line := range strings.Lines(string(res.stdout)) {
		if id, ref, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			out[ref] = id
		}
	}
	return out, nil
}

// MarkPrefix is where the runtime keeps its own references; UpdateRef writes
// nowhere else. References keep commits from being pruned by gc.
const MarkPrefix = "refs/cortexlua/"

// UpdateRef sets a mark ("good/abc" becomes refs/cortexlua/good/abc) to a
// commit; an empty commit removes it. old, if not empty, is the commit that it
// must have now, else ErrMoved.
func (r *Repo) UpdateRef(ctx context.Context, mark, commit, old string) error {
	const op = "set a mark"
	if err := checkBranch(op, r.Dir, mark); err != nil {
		return err
	}
	ref := MarkPrefix + strings.TrimPrefix(mark, MarkPrefix)
	args := []string{"update-ref", "-d", "--", ref}
	if commit != "" {
		id, err := r.ResolveCommit(ctx, commit)
		if err != nil {
			return err
		}
		args = []string{"update-ref", "--", ref, id}
	}
	if old != "" {
		args = append(args, old)
	}
	_, err := r.git(ctx, op, call{args: args}, guarded)
	if e, ok := asError(err); ok && strings.Contains(e.Stderr, "but expected") {
		e.Kind = ErrMoved
	}
	return err
}
