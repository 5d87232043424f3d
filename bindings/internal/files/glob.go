package files

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Glob returns the paths that match, absolute and sorted. Each part of the
// pattern may hold * ? [..]; "**" stands for any number of directories. As in a
// shell, * does not match a leading dot. Links are not followed. At most
// opts.MaxEntries files are looked at.
func (r *Roots) Glob(ctx context.Context, pattern string, opts WalkOptions) ([]string, error) {
	fixed, rest := splitGlob(pattern)
	if err := CheckPatterns(rest); err != nil {
		return nil, err
	}
	if len(rest) == 0 {
		ok, err := r.Exists(fixed)
		if err != nil || !ok {
			return nil, err
		}
		_, _, abs, err := r.Locate(fixed)
		return []string{abs}, err
	}
	if ok, err := r.Exists(fixed); err != nil || !ok {
		return nil, err
	}
	p, err := r.Resolve(fixed)
	if err != nil {
		return nil, err
	}
	var out []string
	err = WalkTree(ctx, p.FS, p.Rel, opts, func(_ *os.Root, e Entry) error {
		if e.Rel == "." {
			return nil
		}
		parts := strings.Split(e.Rel, "/")
		if globMatch(rest, parts) {
			out = append(out, filepath.Join(p.Path, e.Rel))
		}
		if e.Info.Type == TypeDir && !globMayDescend(rest, parts) {
			return SkipDir
		}
		return nil
	})
	slices.Sort(out)
	return out, p.err("search", under(err, p.Path))
}

// splitGlob cuts the pattern before the first part with a wildcard.
func splitGlob(pattern string) (fixed string, rest []string) {
	parts := strings.Split(filepath.Clean(pattern), "/")
	for i, part := range parts {
		if strings.ContainsAny(part, `*?[\`) {
			fixed = strings.Join(parts[:i], "/")
			if fixed == "" {
				if strings.HasPrefix(pattern, "/") {
					return "/", parts[i:]
				}
				return ".", parts[i:]
			}
			return fixed, parts[i:]
		}
	}
	return pattern, nil
}

func globMatch(pattern, parts []string) bool {
	if len(pattern) == 0 {
		return len(parts) == 0
	}
	if pattern[0] == "**" {
		if globMatch(pattern[1:], parts) {
			return true
		}
		return len(parts) > 0 && !strings.HasPrefix(parts[0], ".") && globMatch(pattern, parts[1:])
	}
	return len(parts) > 0 && globPart(pattern[0], parts[0]) && globMatch(pattern[1:], parts[1:])
}

// globMayDescend says whether something below the directory can still match.
func globMayDescend(pattern, parts []string) bool {
	for i, part := range parts {
		if i >= len(pattern) {
			return false
		}
		if pattern[i] == "**" {
			return true
		}
		if !globPart(pattern[i], part) {
			return false
		}
	}
	return len(parts) < len(pattern)
}

func globPart(pattern, name string) bool {
	if strings.HasPrefix(name, ".") && !strings.HasPrefix(pattern, ".") {
		return false
	}
	return matches(pattern, name)
}
