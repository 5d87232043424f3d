package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"

	"github.com/cortexlua/cortexlua/cmd/cortexlua/internal/demohome"
)

// releaseCommands are the commands of scripts about upgrades and rollbacks.
//
//	githome [DIR]         makes a small home in $WORK/home, with an origin: two daemons,
//	                      alpha and beta, whose state does not change; the files of DIR
//	                      are laid over it
//	newrelease DIR [-PATH | MODE:PATH]...
//	                      publishes a release on the home's origin: the newest one, with
//	                      the files of DIR over it, without PATH, or with another mode;
//	                      its commit is in $RELEASE
//	snapshot FILE [DIR...] writes what the home holds, or these folders of it: path,
//	                      type, mode and checksum of all but .git, logs, pidfiles,
//	                      backups and the program's own folder
//	pids FILE             writes the pids of the home's daemons, by name
//	mark                  remembers the processes, the commit, the branch, the tracked files
//	                      and the backups of the home
//	untouched             they are as they were at mark
//	listen hang|login     listens on a port and never answers, or asks for a password
//	                      by HTTP; its address is in $LISTEN
//	flip FILE             turns one bit in the middle of a file
//	changes FILE JSON     writes the changes of a result, with * for what no two runs
//	                      have in common: pids, and the name of the backup
func releaseCommands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"githome":    cmdGitHome,
		"newrelease": cmdNewRelease,
		"snapshot":   cmdSnapshot,
		"pids":       cmdPids,
		"mark":       cmdMark,
		"untouched":  cmdUntouched,
		"listen":     cmdListen,
		"flip":       cmdFlip,
		"changes":    cmdChanges,
	}
}

func withReleaseCommands(others map[string]func(*testscript.TestScript, bool, []string)) map[string]func(*testscript.TestScript, bool, []string) {
	maps.Copy(others, releaseCommands())
	return others
}

// scriptCondition knows [root]: root runs the script, and [landlock]: the kernel can
// confine programs.
func scriptCondition(name string) (bool, error) {
	switch name {
	case "root":
		return os.Geteuid() == 0, nil
	case "landlock":
		abi, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
		return errno == 0 && abi >= 6, nil
	}
	return false, fmt.Errorf("unknown condition %q", name)
}

// git runs git as an operator would, without any configuration of this machine.
func git(ts *testscript.TestScript, dir string, args ...string) string {
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=T", "GIT_AUTHOR_EMAIL=t@example.org", "GIT_COMMITTER_NAME=T", "GIT_COMMITTER_EMAIL=t@example.org")
	out, err := cmd.CombinedOutput()
	if err != nil {
		ts.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// smallHome is what githome makes. The daemons do nothing, so what a run leaves in
// the home is all its own.
var smallHome = map[string]string{
	".gitignore":              "/run/\n/backups/\n/agents/\n/.cortexlua/\n/origin.git/\n/coordination/*.json\n",
	"README.md":               "a home\n",
	"lib/common.txt":          "common\n",
	"scripts/alpha.sh":        "#!/bin/sh\nsleep 1000 &\nwait\n",
	"scripts/beta.sh":         "#!/bin/sh\nsleep 1000 &\nwait\n",
	"scripts/old/gone.sh":     "#!/bin/sh\n",
	"coordination/queue.json": "{\"tasks\":[]}\n",
	"coordination/state.json": "{\"since\":\"release 1\"}\n",
	".cortexlua/registry.lua": `return {
  home = { env = { "CORTEX_HOME", "CORTEX_RUN_DIR" } },
  release = {
    scripts = { "scripts/**/*.sh" }, backup = { "coordination", "scripts" },
    exclude = { "coordination/backups" }, queue = "coordination/queue.json",
  },
  daemons = {
    { name = "alpha", command = { "scripts/alpha.sh" }, pidfile = { path = "run/alpha.pid" }, log = "agents/alpha.log",
      settle = "100ms", stop = { grace = "10s" } },
    { name = "beta", command = { "scripts/beta.sh" }, pidfile = { path = "run/beta.pid" }, log = "agents/beta.log",
      settle = "100ms", stop = { grace = "10s" }, after = { "alpha" } },
  },
}
`,
}

func cmdGitHome(ts *testscript.TestScript, neg bool, args []string) {
	dir := filepath.Join(ts.Getenv("WORK"), "home")
	for name, text := range smallHome {
		path := filepath.Join(dir, name)
		ts.Check(os.MkdirAll(filepath.Dir(path), 0o755))
		mode := fs.FileMode(0o644)
		if filepath.Ext(name) == ".sh" {
			mode = 0o755
		}
		ts.Check(os.WriteFile(path, []byte(text), mode))
	}
	for _, name := range []string{"run", "agents"} {
		ts.Check(os.MkdirAll(filepath.Join(dir, name), 0o755))
	}
	for _, arg := range args {
		overlay(ts, ts.MkAbs(arg), dir)
	}
	dir, err := filepath.EvalSymlinks(dir)
	ts.Check(err)
	home := &demohome.Home{Dir: dir, RunDir: dir, Origin: filepath.Join(dir, "origin.git")}
	git(ts, dir, "init", "--quiet", "--initial-branch=main")
	git(ts, dir, "add", "--all")
	git(ts, dir, "commit", "--quiet", "--message", "release 1")
	git(ts, dir, "clone", "--quiet", "--bare", dir, home.Origin)
	git(ts, dir, "remote", "add", "origin", home.Origin)
	useHome(ts, home)
}

func cmdNewRelease(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 0 {
		ts.Fatalf("usage: newrelease DIR [-PATH | MODE:PATH]...")
	}
	work, err := os.MkdirTemp(ts.Getenv("TMPDIR"), "release-")
	ts.Check(err)
	defer os.RemoveAll(work)
	git(ts, ".", "clone", "--quiet", homeOf(ts).Origin, work)
	overlay(ts, ts.MkAbs(args[0]), work)
	for _, arg := range args[1:] {
		if path, removed := strings.CutPrefix(arg, "-"); removed {
			ts.Check(os.Remove(filepath.Join(work, path)))
			continue
		}
		var mode fs.FileMode
		text, path, _ := strings.Cut(arg, ":")
		_, err := fmt.Sscanf(text, "%o", &mode)
		ts.Check(err)
		ts.Check(os.Chmod(filepath.Join(work, path), mode))
	}
	git(ts, work, "add", "--all", "--force")
	git(ts, work, "commit", "--quiet", "--allow-empty", "--message", "made by a script")
	git(ts, work, "push", "--quiet", "origin", "HEAD:main")
	ts.Setenv("RELEASE", git(ts, work, "rev-parse", "HEAD"))
}

// overlay copies the files of a folder over another. Scripts may be executed.
func overlay(ts *testscript.TestScript, from, to string) {
	ts.Check(filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, strings.TrimPrefix(path, from))
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(target, data, 0o644); err != nil {
			return err
		}
		if filepath.Ext(path) == ".sh" {
			return os.Chmod(target, 0o755)
		}
		return nil
	}))
}

// volatile are the folders of a home that daemons and runs write to at any time.
var volatile = []string{".git", ".cortexlua", "agents", "run", "backups", "origin.git"}

func cmdSnapshot(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 0 {
		ts.Fatalf("usage: snapshot FILE [DIR...]")
	}
	home := homeOf(ts).Dir
	tops := args[1:]
	if len(tops) == 0 {
		tops = []string{"."}
	}
	var lines []string
	for _, top := range tops {
		ts.Check(filepath.WalkDir(filepath.Join(home, top), func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			rel, _ := filepath.Rel(home, path)
			if top == "." && slices.Contains(volatile, rel) {
				return filepath.SkipDir
			}
			line, err := describe(path, rel)
			lines = append(lines, line)
			return err
		}))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Join(lines, "\n")+"\n"), 0o644))
}

func describe(path, rel string) (string, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return "", err
	}
	text := fmt.Sprintf("%s %s", info.Mode(), rel)
	switch {
	case info.Mode().IsRegular():
		data, err := os.ReadFile(path)
		return fmt.Sprintf("%s %x", text, sha256.Sum256(data)), err
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(path)
		return text + " " + target, err
	}
	return text, nil
}

func cmdPids(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: pids FILE")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(daemonPids(ts)), 0o644))
}

func daemonPids(ts *testscript.TestScript) string {
	processes, err := homeOf(ts).Processes()
	ts.Check(err)
	byPID := map[int]string{}
	for _, p := range processes {
		if p.Daemon && p.PID == p.Group {
			byPID[p.PID] = fmt.Sprintf("%s %d %d\n", p.Command, p.PID, p.Start)
		}
	}
	return strings.Join(slices.Sorted(maps.Values(byPID)), "")
}

func cmdMark(ts *testscript.TestScript, neg bool, args []string) {
	ts.Check(os.WriteFile(ts.MkAbs(".mark"), []byte(standing(ts)), 0o644))
}

func cmdUntouched(ts *testscript.TestScript, neg bool, args []string) {
	if was, is := ts.ReadFile(".mark"), standing(ts); was != is {
		ts.Fatalf("it was\n%s\nand is\n%s", was, is)
	}
}

// standing is what no gate may change: who runs, where the code stands, and what
// backups there are.
func standing(ts *testscript.TestScript) string {
	dir := homeOf(ts).Dir
	backups, _ := filepath.Glob(filepath.Join(dir, "backups", "*"))
	text := daemonPids(ts) + strings.Join(backups, "\n") + "\n"
	if _, err := os.Stat(filepath.Join(dir, ".git")); err != nil {
		return text
	}
	head, err := os.ReadFile(filepath.Join(dir, ".git", "HEAD"))
	ts.Check(err)
	return text + string(head) + git(ts, dir, "--no-optional-locks", "rev-parse", "HEAD") + "\n" +
		git(ts, dir, "--no-optional-locks", "status", "--porcelain", "--untracked-files=all", "--", "scripts", "README.md") +
		git(ts, dir, "worktree", "list", "--porcelain")
}

func cmdListen(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 || args[0] != "hang" && args[0] != "login" {
		ts.Fatalf("usage: listen hang|login")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Setenv("LISTEN", listener.Addr().String())
	done := make(chan struct{})
	ts.Defer(func() { listener.Close(); <-done })
	go func() {
		defer close(done)
		if args[0] == "hang" {
			swallow(listener)
			return
		}
		server := http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", `Basic realm="releases"`)
			w.WriteHeader(http.StatusUnauthorized)
		})}
		_ = server.Serve(listener) // ends when the listener is closed
		_ = server.Close()
	}()
}

// swallow takes connections and says nothing on them.
func swallow(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			_, _ = io.Copy(io.Discard, conn)
			_ = conn.Close()
		}()
	}
}

func cmdFlip(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: flip FILE")
	}
	path := ts.MkAbs(args[0])
	data, err := os.ReadFile(path)
	ts.Check(err)
	data[len(data)/2] ^= 1
	ts.Check(os.WriteFile(path, data, 0o644))
}

// fleeting is what a summary holds that is new in each run.
var fleeting = regexp.MustCompile(`\bpid [0-9]+|\b[0-9]{8}T[0-9]{6}Z-[0-9a-z]{6}`)

func cmdChanges(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: changes FILE JSON")
	}
	var result struct {
		Changes []struct{ Step, Op, Summary string }
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &result))
	var text strings.Builder
	for _, c := range result.Changes {
		fmt.Fprintf(&text, "%s | %s | %s\n", c.Step, c.Op, fleeting.ReplaceAllString(c.Summary, "*"))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text.String()), 0o644))
}
