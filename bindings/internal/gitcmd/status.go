package gitcmd

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Status of the work tree. Paths are relative to the top of the work tree and
// in git's order; one path can be staged and modified.
type Status struct {
	Commit     string // empty before the first commit
	Branch     string // empty when detached
	Upstream   string // as origin/main; empty if none is set
	Ahead      int    // commits that the upstream lacks, as of the last fetch
	Behind     int
	Staged     []string
	Modified   []string // changed or deleted in the work tree
	Untracked  []string // not ignored
	Conflicted []string
	Renamed    []Renamed // staged renames; the new name is in Staged too
}

// Renamed is a staged rename or copy.
type Renamed struct{ From, To string }

// Clean says whether nothing at all was reported, untracked files included.
func (s Status) Clean() bool {
	return len(s.Staged)+len(s.Modified)+len(s.Untracked)+len(s.Conflicted) == 0
}

// Changed lists every tracked path that is not as in HEAD, sorted, once each.
func (s Status) Changed() []string {
	all := slices.Concat(s.Staged, s.Modified, s.Conflicted)
	for _, r := range s.Renamed {
		all = append(all, r.From)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Status looks at the whole work tree without the excluded paths: each is a path
// from the top, with all below it, and may hold * ? [..] ** (gitglossary(7), pathspec
// glob). Ignored files never appear. Submodules count as changed only when they
// are at another commit.
func (r *Repo) Status(ctx context.Context, exclude ...string) (Status, error) {
	args := []string{"status", "--porcelain=v2", "-z", "--branch", "--untracked-files=all", "--ignore-submodules=dirty", "--ahead-behind"}
	specs, err := excludeSpecs(r.Dir, exclude)
	if err != nil {
		return Status{}, err
	}
	res, err := r.git(ctx, "read the status", call{args: append(append(args, "--"), specs...)}, guarded)
	if err != nil {
		return Status{}, err
	}
	s, err := parseStatus(res.stdout)
	if err != nil {
		return Status{}, &Error{Op: "read the status", Dir: r.Dir, Detail: err.Error(), Err: err}
	}
	return s, nil
}

func excludeSpecs(dir string, exclude []string) ([]string, error) {
	if len(exclude) == 0 {
		return nil, nil
	}
	specs := []string{":(top)"}
	for _, e := range exclude {
		clean, err := cleanPath("read the status", dir, e)
		if err != nil {
			return nil, err
		}
		specs = append(specs, ":(top,exclude,glob)"+clean)
		if clean != "." {
			specs = append(specs, ":(top,exclude,glob)"+path.Join(clean, "**"))
		}
	}
	return specs, nil
}

var errStatus = errors.New("git status answered in an unknown form")

// parseStatus reads "porcelain v2" with -z, as git-status(1) gives it: lines end
// in a zero byte, and the old path of a rename is a field of its own.
func parseStatus(data []byte) (Status, error) {
	var s Status
	recs := strings.Split(string(data), "\x00")
	for i := 0; i < len(recs); i++ {
		rec := recs[i]
		if rec == "" {
			continue
		}
		var err error
		switch rec[0] {
		case '#':
			s.header(rec)
		case '1':
			err = s.ordinary(rec, 9)
		case '2':
			if i++; i >= len(recs) || recs[i] == "" {
				return Status{}, fmt.Errorf("%w: a rename without its old path", errStatus)
			}
			if err = s.ordinary(rec, 10); err == nil {
				_, to, _ := cutFields(rec, 10)
				s.Renamed = append(s.Renamed, Renamed{recs[i], to})
			}
		case 'u':
			var path string
			if _, path, err = cutFields(rec, 11); err == nil {
				s.Conflicted = append(s.Conflicted, path)
			}
		case '?':
			err = s.untracked(rec)
		case '!': // ignored files, which are not asked for
		default:
			err = fmt.Errorf("%w: %q", errStatus, rec)
		}
		if err != nil {
			return Status{}, err
		}
	}
	return s, nil
}

func (s *Status) header(rec string) {
	key, val, _ := strings.Cut(strings.TrimPrefix(rec, "# "), " ")
	switch key {
	case "branch.oid":
		if isHash(val) {
			s.Commit = val
		}
	case "branch.head":
		if val != "(detached)" {
			s.Branch = val
		}
	case "branch.upstream":
		s.Upstream = val
	case "branch.ab":
		ahead, behind, _ := strings.Cut(val, " ")
		s.Ahead, _ = strconv.Atoi(strings.TrimPrefix(ahead, "+"))
		s.Behind, _ = strconv.Atoi(strings.TrimPrefix(behind, "-"))
	}
}

func (s *Status) untracked(rec string) error {
	path, ok := strings.CutPrefix(rec, "? ")
	if !ok || path == "" {
		return fmt.Errorf("%w: %q", errStatus, rec)
	}
	s.Untracked = append(s.Untracked, path)
	return nil
}

func (s *Status) ordinary(rec string, fields int) error {
	xy, path, err := cutFields(rec, fields)
	if err != nil {
		return err
	}
	if xy[0] != '.' {
		s.Staged = append(s.Staged, path)
	}
	if xy[1] != '.' {
		s.Modified = append(s.Modified, path)
	}
	return nil
}

// cutFields returns the two letters of the state and the last of n fields, which
// is the path and may hold spaces.
func cutFields(rec string, n int) (xy, path string, err error) {
	f := strings.SplitN(rec, " ", n)
	if len(f) != n || len(f[1]) != 2 || f[n-1] == "" {
		return "", "", fmt.Errorf("%w: %q", errStatus, rec)
	}
	return f[1], f[n-1], nil
}
