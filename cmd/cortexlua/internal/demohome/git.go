package demohome

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const author = "Cortex Demo <demo@cortex.invalid>"

// git runs git in dir with no configuration but the repository's own: a signing key,
// a hook folder or a default branch of the user's must not change what is made here.
// It returns what git printed, without the last newline.
func (h *Home) git(ctx context.Context, dir string, stdin io.Reader, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = dir
	cmd.Stdin = stdin
	cmd.WaitDelay = 10 * time.Second // on a busy machine reading the rest takes its time
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"),
		"LC_ALL=C",
		"HOME=" + h.RunDir, // for a git older than 2.32, which does not know the next line
		"GIT_CONFIG_GLOBAL=/dev/null",
		"GIT_CONFIG_NOSYSTEM=1",
		"GIT_TERMINAL_PROMPT=0",
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(stderr.String()))
	}
	return strings.TrimSuffix(stdout.String(), "\n"), nil
}

// initRepository makes an empty repository whose branch is main, whatever the version
// of git (`init -b` came with 2.28), and adds text to its configuration.
func (h *Home) initRepository(ctx context.Context, dir string, config string, flags ...string) error {
	args := append([]string{"init", "--quiet", "--template="}, flags...)
	if _, err := h.git(ctx, dir, nil, args...); err != nil {
		return err
	}
	if _, err := h.git(ctx, dir, nil, "symbolic-ref", "HEAD", "refs/heads/main"); err != nil {
		return err
	}
	file := filepath.Join(dir, "config")
	if !slices.Contains(flags, "--bare") {
		file = filepath.Join(dir, ".git", "config")
	}
	return appendFile(file, config)
}

func appendFile(name, text string) error {
	f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return err
}

// quiet keeps git's own housekeeping from running on in the background, and a
// global core.autocrlf or hook folder from reaching this home.
const quiet = `[gc]
	auto = 0
[maintenance]
	auto = false
[core]
	autocrlf = false
[commit]
	gpgSign = false
`

// tracking is the configuration of a clone of origin. The address is absolute: git
// takes a relative one from wherever it happens to run.
func tracking(origin string) string {
	return fmt.Sprintf(`[remote "origin"]
	url = %s
	fetch = +refs/heads/*:refs/remotes/origin/*
[branch "main"]
	remote = origin
	merge = refs/heads/main
`, quote(origin))
}

type commit struct {
	number int
	kind   Kind
	root   bool // no parent
	files  tree // all files: what is not in here is gone
}

// writeCommit writes a commit to main in the language of git-fast-import(1). One
// stream makes it without a work tree, an index or hooks.
func writeCommit(w *bytes.Buffer, c commit) {
	when := time.Date(2025, 12, 5, 8, 0, 0, 0, time.UTC).Add(time.Duration(c.number-1) * time.Hour)
	message := fmt.Sprintf("release %d", c.number)
	if c.number > 1 && c.kind != Good {
		message += fmt.Sprintf(" (%s)", c.kind)
	}
	if c.root {
		fmt.Fprintf(w, "reset refs/heads/main\n")
	}
	fmt.Fprintf(w, "commit refs/heads/main\ncommitter %s %d +0000\n", author, when.Unix())
	writeData(w, []byte(message+"\n"))
	if !c.root {
		fmt.Fprintf(w, "from refs/heads/main^0\n")
	}
	fmt.Fprintf(w, "deleteall\n")
	for _, name := range slices.Sorted(maps.Keys(c.files)) {
		mode := "100644"
		if executable(name) {
			mode = "100755"
		}
		fmt.Fprintf(w, "M %s inline %s\n", mode, name)
		writeData(w, c.files[name])
	}
}

func writeData(w *bytes.Buffer, data []byte) {
	fmt.Fprintf(w, "data %d\n%s\n", len(data), data)
}
