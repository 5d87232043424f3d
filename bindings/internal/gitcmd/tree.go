package gitcmd

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"
)

// TreeFile is one file of a commit.
type TreeFile struct {
	Path string
	Mode string // as git writes it: 100644, 100755, 120000 (link), 160000 (submodule)
	ID   string // object name of the content
	Size int64  // -1 for a submodule
}

// Content is a file of a commit with its bytes, as stored (no filters, no line
// end conversion).
type Content struct {
	TreeFile
	Data []byte
}

// MaxShow bounds what ShowFiles reads in all.
const MaxShow = 32 << 20

// ListTree lists the files of a commit at or below prefix ("" is all).
func (r *Repo) ListTree(ctx context.Context, commit, prefix string) ([]TreeFile, error) {
	id, err := r.ResolveCommit(ctx, commit)
	if err != nil {
		return nil, err
	}
	var paths []string
	if prefix != "" && prefix != "." {
		clean, err := cleanPath("list a commit", r.Dir, prefix)
		if err != nil {
			return nil, err
		}
		paths = []string{clean}
	}
	return r.listTree(ctx, id, paths)
}

func (r *Repo) listTree(ctx context.Context, id string, paths []string) ([]TreeFile, error) {
	args := append([]string{"ls-tree", "-r", "-z", "-l", "--full-tree", id, "--"}, paths...)
	res, err := r.git(ctx, "list a commit", call{args: args}, quick)
	if err != nil {
		return nil, err
	}
	var out []TreeFile
	for rec := range strings.SplitSeq(string(res.stdout), "\x00") {
		if rec == "" {
			continue
		}
		meta, path, ok := strings.Cut(rec, "\t")
		f := strings.Fields(meta)
		if !ok || len(f) != 4 {
			return nil, &Error{Op: "list a commit", Dir: r.Dir, Detail: fmt.Sprintf("git answered %q", rec)}
		}
		size, err := strconv.ParseInt(f[3], 10, 64)
		if err != nil {
			size = -1
		}
		out = append(out, TreeFile{Path: path, Mode: f[0], ID: f[2], Size: size})
	}
	return out, nil
}

// ShowFile reads one file of a commit; ErrNoFile if the commit has none there.
func (r *Repo) ShowFile(ctx context.Context, commit, path string) (Content, error) {
	m, err := r.ShowFiles(ctx, commit, []string{path})
	if err != nil {
		return Content{}, err
	}
	for _, c := range m {
		return c, nil
	}
	return Content{}, &Error{Op: "read " + path + " of " + commit, Dir: r.Dir, Kind: ErrNoFile}
}

// ShowFiles reads several files of a commit with three git calls whatever their
// number. Files that the commit does not have are not in the result, whose keys
// are the cleaned paths.
func (r *Repo) ShowFiles(ctx context.Context, commit string, paths []string) (map[string]Content, error) {
	const op = "read files of a commit"
	id, err := r.ResolveCommit(ctx, commit)
	if err != nil {
		return nil, err
	}
	want := map[string]bool{}
	var clean []string
	for _, p := range paths {
		c, err := cleanPath(op, r.Dir, p)
		if err != nil {
			return nil, err
		}
		want[c] = true
		clean = append(clean, c)
	}
	if len(clean) == 0 {
		return map[string]Content{}, nil
	}
	list, err := r.listTree(ctx, id, clean)
	if err != nil {
		return nil, err
	}
	var found []TreeFile
	var total int64
	var ask strings.Builder
	for _, f := range list {
		if want[f.Path] && f.Size >= 0 {
			found = append(found, f)
			total += f.Size
			ask.WriteString(f.ID + "\n")
		}
	}
	if total > MaxShow {
		return nil, &Error{Op: op, Dir: r.Dir, Kind: ErrTooMuch, Detail: fmt.Sprintf("%d bytes, the limit is %d", total, int64(MaxShow))}
	}
	res, err := r.git(ctx, op, call{args: []string{"cat-file", "--batch"}, stdin: []byte(ask.String())}, quick)
	if err != nil {
		return nil, err
	}
	return parseBatch(op, r.Dir, found, res.stdout)
}

// parseBatch reads "<id> <type> <size>\n<data>\n" for each file in turn.
func parseBatch(op, dir string, files []TreeFile, data []byte) (map[string]Content, error) {
	out := map[string]Content{}
	for _, f := range files {
		line, rest, ok := bytes.Cut(data, []byte("\n"))
		if !ok || string(line) != fmt.Sprintf("%s blob %d", f.ID, f.Size) || int64(len(rest)) < f.Size+1 {
			return nil, &Error{Op: op, Dir: dir, Detail: fmt.Sprintf("%s is missing or damaged in the object store (%q)", f.Path, line), Hint: "run git fsck"}
		}
		out[f.Path] = Content{f, rest[:f.Size:f.Size]}
		data = rest[f.Size+1:]
	}
	return out, nil
}

// LsFiles lists what the index tracks, below prefix ("" is all).
func (r *Repo) LsFiles(ctx context.Context, prefix string) ([]string, error) {
	args := []string{"--literal-pathspecs", "ls-files", "-z", "--cached", "--full-name", "--"}
	if prefix != "" && prefix != "." {
		clean, err := cleanPath("list tracked files", r.Dir, prefix)
		if err != nil {
			return nil, err
		}
		args = append(args, clean)
	}
	res, err := r.git(ctx, "list tracked files", call{args: args}, quick)
	if err != nil {
		return nil, err
	}
	return splitZ(res.stdout), nil
}

// Hidden lists tracked files whose changes git was told not to see (assume
// unchanged, skip worktree): Status says nothing about them.
func (r *Repo) Hidden(ctx context.Context) ([]string, error) {
	res, err := r.git(ctx, "list tracked files", call{args: []string{"ls-files", "-z", "-v", "--cached", "--full-name"}}, quick)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, rec := range splitZ(res.stdout) {
		// Lower case letters mean assume-unchanged, S skip-worktree (git-ls-files(1)).
		if tag := rec[0]; len(rec) > 2 && (tag == 'S' || tag >= 'a' && tag <= 'z') {
			out = append(out, rec[2:])
		}
	}
	return out, nil
}

func splitZ(data []byte) []string {
	var out []string
	for rec := range strings.SplitSeq(string(data), "\x00") {
		if rec != "" {
			out = append(out, rec)
		}
	}
	return out
}
