package gitcmd

import (
	"fmt"
	"path"
	"strings"
)

// checkRevision refuses what is no plain name of a commit, before git sees it:
// options, ranges, exclusions, searches (:/text), paths (commit:file) and
// control characters. "HEAD~2", "v1.0^{}", "main@{1}" and hashes are fine.
func checkRevision(op, dir, name string) error {
	why := ""
	switch {
	case name == "":
		why = "it is empty"
	case strings.HasPrefix(name, "-"):
		why = "it begins with a dash"
	case strings.HasPrefix(name, "^"), strings.Contains(name, ".."):
		why = "it is a range"
	case strings.Contains(name, ":"):
		why = "it holds a colon"
	case strings.ContainsFunc(name, func(c rune) bool { return c <= ' ' || c == 0x7f }):
		why = "it holds a space or control character"
	case len(name) > 500:
		why = "it is too long"
	}
	if why == "" {
		return nil
	}
	return invalid(op, dir, name, why)
}

// checkBranch holds the rules of git-check-ref-format(1) that matter for names
// given to git as an argument; git checks the rest.
func checkBranch(op, dir, name string) error {
	if err := checkRevision(op, dir, name); err != nil {
		return err
	}
	if name == "HEAD" || strings.ContainsAny(name, `~^?*[\`) || strings.Contains(name, "@{") || strings.HasSuffix(name, ".lock") ||
		strings.HasPrefix(name, "/") || strings.HasSuffix(name, "/") || strings.Contains(name, "//") || strings.HasSuffix(name, ".") {
		return invalid(op, dir, name, "it is no name of a branch")
	}
	return nil
}

// cleanPath takes a path inside a commit.
func cleanPath(op, dir, name string) (string, error) {
	clean := path.Clean(name)
	if name == "" || path.IsAbs(name) || clean == ".." || strings.HasPrefix(clean, "../") || strings.ContainsRune(name, 0) || strings.ContainsRune(name, '\n') {
		return "", invalid(op, dir, name, "it must be relative to the top of the repository")
	}
	return clean, nil
}

func invalid(op, dir, name, why string) error {
	return &Error{Op: op, Dir: dir, Kind: ErrInvalidName, Detail: fmt.Sprintf("%q: %s", name, why)}
}

// isHash knows a full object name, SHA-1 or SHA-256.
func isHash(s string) bool {
	if len(s) != 40 && len(s) != 64 {
		return false
	}
	return !strings.ContainsFunc(s, func(c rune) bool { return !strings.ContainsRune("0123456789abcdef", c) })
}
