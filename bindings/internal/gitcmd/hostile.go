package gitcmd

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// checkConfig refuses a repository whose own configuration would run programs
// or lead elsewhere. The verdict is kept until a configuration file changes, so
// it costs one git call a run. (Whoever can change the file between check and
// use can also change the scripts that are about to be started from this tree.)
func (r *Repo) checkConfig(ctx context.Context, op string) error {
	state := r.configState()
	r.mu.Lock()
	same := r.checked == state
	r.mu.Unlock()
	if same {
		return nil
	}
	keys, err := r.localKeys(ctx, op)
	if err != nil {
		return err
	}
	var bad []string
	for _, key := range keys {
		if hostile(key) && !r.opts.allows(key) {
			bad = append(bad, key)
		}
	}
	if len(bad) > 0 {
		return &Error{Op: op, Dir: r.Dir, Kind: ErrHostile, Detail: someOf(bad), Paths: bad,
			Hint: "remove these keys with git config --local --unset-all, or allow them"}
	}
	r.mu.Lock()
	r.checked = state
	r.mu.Unlock()
	return nil
}

func (r *Repo) configState() string {
	var b strings.Builder
	for _, p := range []string{filepath.Join(r.CommonDir, "config"), filepath.Join(r.GitDir, "config.worktree")} {
		if fi, err := os.Stat(p); err == nil {
			fmt.Fprintf(&b, "%s %d %d;", p, fi.Size(), fi.ModTime().UnixNano())
		}
	}
	return b.String() + "."
}

// localKeys lists the keys of the repository's own files; includes are not
// followed (git does not for a single file), the include itself is a key.
func (r *Repo) localKeys(ctx context.Context, op string) ([]string, error) {
	var keys []string
	worktree := false
	for _, scope := range []string{"--local", "--worktree"} {
		if scope == "--worktree" && !worktree {
			break
		}
		res, err := r.git(ctx, op, call{args: []string{"config", scope, "--no-includes", "--name-only", "--list", "-z"}}, quick)
		if err != nil {
			return nil, err
		}
		for key := range strings.SplitSeq(string(res.stdout), "\x00") {
			if key == "" {
				continue
			}
			keys = append(keys, key)
			worktree = worktree || strings.EqualFold(key, "extensions.worktreeConfig")
		}
	}
	return keys, nil
}

// hostile knows the keys that make git run a program, read other files of
// configuration, or talk to another place than the visible remote.
func hostile(key string) bool {
	key = strings.ToLower(key)
	section, rest, _ := strings.Cut(key, ".")
	name := rest[strings.LastIndexByte(rest, '.')+1:]
	switch section {
	case "filter", "credential", "include", "includeif", "alias":
		return true
	case "diff":
		return name == "command" || name == "textconv" || name == "external"
	case "merge":
		return name == "driver"
	case "core":
		switch name {
		case "sshcommand", "gitproxy", "askpass", "alternaterefscommand", "worktree", "editor", "pager":
			return true
		}
	case "remote":
		return name == "uploadpack" || name == "receivepack" || name == "vcs" || name == "promisor" || name == "proxy"
	case "extensions":
		return name == "partialclone"
	case "uploadpack":
		return name == "packobjectshook"
	case "url":
		return name == "insteadof" || name == "pushinsteadof"
	case "gpg":
		return name == "program"
	case "tar":
		return name == "command"
	case "trailer":
		return name == "command" || name == "cmd"
	}
	return false
}

// allows says whether the caller listed the key.
func (o Options) allows(key string) bool {
	key = strings.ToLower(key)
	for _, p := range o.AllowConfig {
		p = strings.ToLower(p)
		if prefix, ok := strings.CutSuffix(p, "*"); p == key || ok && strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}
