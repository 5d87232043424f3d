package bindings

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/cortexlua/cortexlua/bindings/internal/gitcmd"
	"github.com/cortexlua/cortexlua/runtime"
)

// gitDo runs git as an operator would, outside the code under test.
func gitDo(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// gitSite is a home whose remote is one commit ahead.
type gitSite struct {
	h                        *Host
	home, origin, base, next string
}

func newGitSite(t *testing.T) gitSite {
	t.Helper()
	top := t.TempDir()
	s := gitSite{origin: filepath.Join(top, "origin.git")}
	work := filepath.Join(top, "work")
	gitDo(t, top, "init", "-q", "-b", "main", work)
	put(t, work+"/scripts/worker.sh", "echo 1\n")
	put(t, work+"/scripts/daemons/old.sh", "echo old\n")
	put(t, work+"/coordination/state.json", "{}\n")
	must(t, os.Chmod(work+"/scripts/worker.sh", 0o755))
	gitDo(t, work, "add", "-A")
	gitDo(t, work, "commit", "-q", "-m", "Base")
	s.base = gitDo(t, work, "rev-parse", "HEAD")
	gitDo(t, top, "clone", "-q", "--bare", work, s.origin)
	gitDo(t, top, "clone", "-q", s.origin, "home")
	put(t, work+"/scripts/worker.sh", "echo 2\n")
	put(t, work+"/scripts/new.sh", "echo new\n")
	must(t, os.Remove(work+"/scripts/daemons/old.sh"))
	gitDo(t, work, "add", "-A")
	gitDo(t, work, "commit", "-q", "-m", "Next")
	s.next = gitDo(t, work, "rev-parse", "HEAD")
	gitDo(t, work, "push", "-q", s.origin, "main")
	s.h, s.home = newHost(t, filepath.Join(top, "home"), emptyRegistry)
	return s
}

// fetched is a site that has the new commit but has not switched.
func fetched(t *testing.T) gitSite {
	t.Helper()
	s := newGitSite(t)
	gitDo(t, s.home, "fetch", "-q", "origin")
	return s
}

func (s gitSite) head(t *testing.T) string { return gitDo(t, s.home, "rev-parse", "HEAD") }

const gitAll = runtime.GitWrite

func TestGitHead(t *testing.T) {
	s := newGitSite(t)
	got := value(t, run(t, s.h, `return git.head()`, runtime.GitRead)).(map[string]any)
	if got["commit"] != s.base || got["branch"] != "main" || got["subject"] != "Base" || !strings.HasPrefix(s.base, got["short"].(string)) {
		t.Errorf("head is %v", got)
	}
	gitDo(t, s.home, "checkout", "-q", "--detach")
	if got := value(t, run(t, s.h, `return git.head().branch`, runtime.GitRead)); got != nil {
		t.Errorf("the branch of a detached head is %v, want nil", got)
	}
}

func TestGitStatus(t *testing.T) {
	s := newGitSite(t)
	put(t, s.home+"/stray.txt", "x")
	const clean = `return git.status({ exclude = { "coordination" } }).clean`
	if got := value(t, run(t, s.h, clean, runtime.GitRead)); got != true {
		t.Error("an untracked file makes the tree unclean")
	}
	put(t, s.home+"/coordination/state.json", "changed\n")
	if got := value(t, run(t, s.h, clean, runtime.GitRead)); got != true {
		t.Error("an excluded path makes the tree unclean")
	}
	put(t, s.home+"/scripts/worker.sh", "changed\n")
	got := value(t, run(t, s.h, `return git.status()`, runtime.GitRead)).(map[string]any)
	want := map[string]any{
		"clean": false, "modified": []any{"coordination/state.json", "scripts/worker.sh"},
		"staged": []any{}, "untracked": []any{"stray.txt"}, "conflicted": []any{},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("status is %v\nwant %v", got, want)
	}
}

func TestGitBusy(t *testing.T) {
	s := newGitSite(t)
	if got := value(t, run(t, s.h, `return git.busy()`, runtime.GitRead)); got != nil {
		t.Fatalf("busy is %v, want nil", got)
	}
	put(t, s.home+"/.git/MERGE_HEAD", s.base+"\n")
	if got := value(t, run(t, s.h, `return git.busy().what`, runtime.GitRead)); got != "merge" {
		t.Errorf("busy is %v, want merge", got)
	}
	must(t, os.Remove(s.home+"/.git/MERGE_HEAD"))
	put(t, s.home+"/.git/index.lock", "")
	got := value(t, run(t, s.h, `return git.busy()`, runtime.GitRead)).(map[string]any)
	if got["what"] != "index.lock" || got["path"] != s.home+"/.git/index.lock" || !strings.Contains(got["hint"].(string), "rm ") {
		t.Errorf("busy is %v", got)
	}
}

func TestGitFetchRunsInADryRunToo(t *testing.T) {
	s := newGitSite(t)
	script := `return git.fetch("origin", { timeout = "30s" }).updated["refs/remotes/origin/main"]`
	if got := value(t, plan(t, s.h, script, runtime.GitFetch)); got != s.next {
		t.Errorf("fetched %v, want %s", got, s.next)
	}
	if s.head(t) != s.base {
		t.Error("fetching moved the branch")
	}
}

func TestGitFetchFailures(t *testing.T) {
	s := newGitSite(t)
	e := fails(t, run(t, s.h, `git.fetch("upstream")`, runtime.GitFetch), runtime.NotFound)
	if !strings.Contains(e.Hint, "origin") {
		t.Errorf("the hint does not name the remote that is there: %v", e)
	}
	must(t, os.RemoveAll(s.origin))
	e = fails(t, run(t, s.h, `git.fetch("origin")`, runtime.GitFetch), runtime.Failed)
	if !strings.Contains(e.Message, "cannot fetch from origin") || e.Hint == "" {
		t.Errorf("the message does not tell enough: %v", e)
	}
	if e := fails(t, run(t, s.h, `git.fetch("origin")`, runtime.GitRead), runtime.Denied); !strings.Contains(e.Message, "git.fetch") {
		t.Errorf("the denial does not name the permission: %v", e)
	}
}

func TestGitCommits(t *testing.T) {
	s := fetched(t)
	for script, want := range map[string]any{
		`return git.resolve("refs/remotes/origin/main")`:                 s.next,
		`return git.resolve("no-such-branch")`:                           nil,
		`return git.is_ancestor("HEAD", "origin/main")`:                  true,
		`return git.is_ancestor("origin/main", "HEAD")`:                  false,
		`return #git.log("HEAD", "HEAD")`:                                0.0,
		`return git.log("HEAD", "origin/main")[1].subject`:               "Next",
		`return #git.log("HEAD", "origin/main")`:                         1.0,
		`return #git.log("origin/main", "HEAD")`:                         0.0,
		`return git.show_file("origin/main", "scripts/new.sh")`:          "echo new\n",
		`return git.show_file("HEAD", "scripts/new.sh")`:                 nil,
		`return #git.files("HEAD")`:                                      3.0,
		`return git.files("HEAD", { patterns = {"scripts/*"} })[1].mode`: "100755",
		`return #git.files("HEAD", { patterns = {"scripts/*.sh"} })`:     1.0,
		`return #git.files("HEAD", { patterns = {"scripts/**/*.sh"} })`:  2.0,
		`return #git.files("HEAD", { patterns = {"**/state.json"} })`:    1.0,
		`return #git.files("HEAD", { patterns = {} })`:                   0.0,
	} {
		if got := value(t, run(t, s.h, script, runtime.GitRead)); got != want {
			t.Errorf("%s gives %v, want %v", script, got, want)
		}
	}
	got := value(t, run(t, s.h, `return git.changes("HEAD", "origin/main")`, runtime.GitRead))
	want := []any{
		map[string]any{"status": "deleted", "path": "scripts/daemons/old.sh"},
		map[string]any{"status": "added", "path": "scripts/new.sh"},
		map[string]any{"status": "modified", "path": "scripts/worker.sh"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("changes are %v\nwant %v", got, want)
	}
}

func TestGitNamesAreNoOptions(t *testing.T) {
	s := newGitSite(t)
	for _, script := range []string{
		`git.resolve("--all")`, `git.resolve("a..b")`, `git.resolve("")`, `git.log("HEAD", "-n1")`,
		`git.show_file("HEAD", "../secret")`, `git.files("HEAD", { patterns = { "[" } })`,
	} {
		fails(t, run(t, s.h, script, runtime.GitRead), runtime.Invalid)
	}
	fails(t, run(t, s.h, `git.fetch("--upload-pack=touch")`, runtime.GitFetch), runtime.Invalid)
}

func TestGitObstacles(t *testing.T) {
	s := fetched(t)
	put(t, s.home+"/scripts/new.sh", "mine\n")
	put(t, s.home+"/scripts/worker.sh", "mine\n")
	put(t, s.home+"/coordination/state.json", "mine\n") // is the same in both commits
	got := value(t, run(t, s.h, `return git.obstacles("origin/main")`, runtime.GitRead))
	want := map[string]any{"modified": []any{"scripts/worker.sh"}, "untracked": []any{"scripts/new.sh"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("obstacles are %v\nwant %v", got, want)
	}
}

func TestGitFastForward(t *testing.T) {
	s := fetched(t)
	put(t, s.home+"/coordination/state.json", "daemon's own\n")
	script := `return git.fast_forward("origin/main")`
	res := run(t, s.h, script, gitAll)
	got := value(t, res).(map[string]any)
	changes(t, res, 1)
	if got["commit"] != s.next || got["from"] != s.base || s.head(t) != s.next || text(t, s.home+"/scripts/new.sh") != "echo new\n" {
		t.Errorf("result %v, head %s", got, s.head(t))
	}
	if text(t, s.home+"/coordination/state.json") != "daemon's own\n" {
		t.Error("a file that the release does not touch lost its changes")
	}
	again := run(t, s.h, script, gitAll)
	value(t, again)
	changes(t, again, 0)
}

func TestGitFastForwardDryRunSeesItself(t *testing.T) {
	s := fetched(t)
	res := plan(t, s.h, `
		git.fast_forward("origin/main")
		local h = git.head()
		return { h.commit, h.subject, h.branch, git.resolve("HEAD"), git.resolve("HEAD~1"), git.resolve("main"),
			git.fast_forward("origin/main").from, git.show_file("HEAD", "scripts/new.sh") }`, gitAll, runtime.GitRead)
	got := value(t, res)
	changes(t, res, 1)
	want := []any{s.next, "Next", "main", s.next, s.base, s.next, s.next, "echo new\n"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the dry run sees %v\nwant %v", got, want)
	}
	if s.head(t) != s.base || text(t, s.home+"/scripts/new.sh") != "(absent)" {
		t.Error("the dry run moved the work tree")
	}
}

func TestGitFastForwardRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(t *testing.T, s gitSite)
		kind  runtime.Kind
		says  string
	}{
		"diverged": {func(t *testing.T, s gitSite) {
			gitDo(t, s.home, "commit", "-q", "--allow-empty", "-m", "Own")
		}, runtime.Conflict, "diverged"},
		"untracked in the way": {func(t *testing.T, s gitSite) { put(t, s.home+"/scripts/new.sh", "x") }, runtime.Conflict, "scripts/new.sh"},
		"modified in the way":  {func(t *testing.T, s gitSite) { put(t, s.home+"/scripts/worker.sh", "x") }, runtime.Conflict, "scripts/worker.sh"},
		"lock file":            {func(t *testing.T, s gitSite) { put(t, s.home+"/.git/index.lock", "") }, runtime.Conflict, "index.lock"},
		"merge":                {func(t *testing.T, s gitSite) { put(t, s.home+"/.git/MERGE_HEAD", s.base) }, runtime.Conflict, "merge"},
		"runs programs": {func(t *testing.T, s gitSite) {
			gitDo(t, s.home, "config", "filter.x.smudge", "touch "+s.home+"/hacked")
		}, runtime.Denied, "filter.x.smudge"},
	} {
		t.Run(name, func(t *testing.T) {
			s := fetched(t)
			c.spoil(t, s)
			before := s.head(t)
			for _, res := range []runtime.Result{
				plan(t, s.h, `git.fast_forward("origin/main")`, gitAll),
				run(t, s.h, `git.fast_forward("origin/main")`, gitAll),
			} {
				e := fails(t, res, c.kind)
				changes(t, res, 0)
				if !strings.Contains(e.Message, c.says) || !strings.HasPrefix(e.Message, "cannot ") || e.Hint == "" {
					t.Errorf("the message does not tell enough: %v", e)
				}
			}
			if s.head(t) != before {
				t.Error("the branch moved")
			}
		})
	}
}

func TestGitFastForwardHooks(t *testing.T) {
	s := fetched(t)
	hook := s.home + "/.git/hooks/post-merge"
	put(t, hook, "#!/bin/sh\necho no room >&2\nexit 7\n")
	must(t, os.Chmod(hook, 0o755))
	e := fails(t, run(t, s.h, `git.fast_forward("origin/main", { hooks = true })`, gitAll, runtime.ProcessSpawn), runtime.Failed)
	if !strings.Contains(e.Message, "post-merge") || e.Details["hook"] != "post-merge" {
		t.Errorf("the message does not name the hook: %v %v", e, e.Details)
	}
	gitDo(t, s.home, "reset", "-q", "--hard", s.base)
	value(t, run(t, s.h, `git.fast_forward("origin/main")`, gitAll))
}

func TestGitRehearse(t *testing.T) {
	s := fetched(t)
	const script = `return git.rehearse("origin/main")`
	res := run(t, s.h, script, gitAll, runtime.ProcessSpawn)
	value(t, res)
	changes(t, res, 0) // there are no hooks

	hook := s.home + "/.git/hooks/post-merge"
	ran := filepath.Join(t.TempDir(), "ran")
	put(t, hook, "#!/bin/sh\ntouch "+ran+"\nexit 7\n")
	must(t, os.Chmod(hook, 0o755))
	value(t, plan(t, s.h, script, gitAll, runtime.ProcessSpawn))
	if text(t, ran) != "(absent)" {
		t.Error("a dry run ran a hook")
	}
	fails(t, run(t, s.h, script, runtime.GitRead, runtime.FSWrite), runtime.Denied)
	fails(t, run(t, s.h, script, gitAll), runtime.Denied) // hooks are programs
	e := fails(t, run(t, s.h, script, gitAll, runtime.ProcessSpawn), runtime.Failed)
	if e.Details["hook"] != "post-merge" || text(t, ran) != "" {
		t.Errorf("the hook did not run, or is not named: %v", e)
	}
	if s.head(t) != s.base || text(t, s.home+"/scripts/new.sh") != "(absent)" || gitDo(t, s.home, "status", "--porcelain") != "" {
		t.Error("the rehearsal touched the work tree")
	}
}

// upgraded is a site that has switched and was then written to.
func upgraded(t *testing.T) gitSite {
	t.Helper()
	s := fetched(t)
	gitDo(t, s.home, "merge", "-q", "--ff-only", "origin/main")
	put(t, s.home+"/scripts/worker.sh", "half-written\n")
	put(t, s.home+"/notes.txt", "untracked\n")
	return s
}

func returnTo(s gitSite) string {
	return fmt.Sprintf(`return git.return_to(%q, { branch = "main" })`, s.base)
}

func TestGitReturnTo(t *testing.T) {
	s := upgraded(t)
	res := run(t, s.h, returnTo(s), gitAll)
	got := value(t, res).(map[string]any)
	changes(t, res, 1)
	if got["commit"] != s.base || got["from"] != s.next || fmt.Sprint(got["untracked"]) != "[notes.txt]" {
		t.Errorf("result %v", got)
	}
	if s.head(t) != s.base || gitDo(t, s.home, "symbolic-ref", "--short", "HEAD") != "main" || gitDo(t, s.home, "status", "--porcelain") != "?? notes.txt" {
		t.Errorf("the tree is not exactly the old commit: %s", gitDo(t, s.home, "status", "--porcelain"))
	}
	if text(t, s.home+"/scripts/new.sh") != "(absent)" || text(t, s.home+"/scripts/daemons/old.sh") != "echo old\n" {
		t.Error("files of the other release are left or missing")
	}
	again := run(t, s.h, returnTo(s), gitAll)
	value(t, again)
	changes(t, again, 0)
}

func TestGitReturnToDryRun(t *testing.T) {
	s := upgraded(t)
	res := plan(t, s.h, returnTo(s)+` and { git.head().commit, git.status().clean, git.resolve("main") }`, gitAll, runtime.GitRead)
	got := value(t, res)
	changes(t, res, 1)
	if want := []any{s.base, true, s.base}; !reflect.DeepEqual(got, want) {
		t.Errorf("the dry run sees %v, want %v", got, want)
	}
	if s.head(t) != s.next || text(t, s.home+"/scripts/worker.sh") != "half-written\n" {
		t.Error("the dry run moved the work tree")
	}
}

func TestGitDenied(t *testing.T) {
	s := fetched(t)
	for _, script := range []string{
		`git.head()`, `git.status()`, `git.busy()`, `git.fetch("origin")`, `git.resolve("HEAD")`, `git.is_ancestor("HEAD", "HEAD")`,
		`git.changes("HEAD", "HEAD")`, `git.log("HEAD", "HEAD")`, `git.show_file("HEAD", "x")`, `git.files("HEAD")`, `git.obstacles("HEAD")`,
	} {
		e := fails(t, run(t, s.h, script, gitAll, runtime.FSRead), runtime.Denied)
		if !strings.Contains(e.Message, "permission git.") {
			t.Errorf("%s: the denial does not name the permission: %v", script, e)
		}
	}
	for _, script := range []string{`git.fast_forward("origin/main")`, returnTo(s)} {
		fails(t, run(t, s.h, script, runtime.GitRead, runtime.GitFetch, runtime.FSWrite), runtime.Denied)
	}
	if s.head(t) != s.base {
		t.Error("a denied move moved")
	}
}

// Another work tree needs the right to its root beside that to git.
func TestGitDir(t *testing.T) {
	s := newGitSite(t)
	top := t.TempDir()
	gitDo(t, top, "init", "-q", "-b", "main", "other")
	gitDo(t, top+"/other", "commit", "-q", "--allow-empty", "-m", "Other")
	h, _ := newHost(t, s.home, fmt.Sprintf(`return { daemons = {}, roots = { other = %q } }`, top+"/other"))
	script := fmt.Sprintf(`return git.head({ dir = %q }).subject`, top+"/other")
	if got := value(t, run(t, h, script, runtime.GitRead, runtime.FSRead.In("other"))); got != "Other" {
		t.Errorf("the subject is %v", got)
	}
	fails(t, run(t, h, script, runtime.GitRead, runtime.FSRead.In("home")), runtime.Denied)
	fails(t, run(t, h, fmt.Sprintf(`git.head({ dir = %q })`, top), runtime.GitRead, runtime.FSRead), runtime.Denied)
}

func TestGitHomeInsideAnotherWorkTree(t *testing.T) {
	s := newGitSite(t)
	must(t, os.Mkdir(s.home+"/inner", 0o755))
	h, _ := newHost(t, s.home+"/inner", emptyRegistry)
	e := fails(t, run(t, h, `git.head()`, runtime.GitRead), runtime.Denied)
	if !strings.Contains(e.Message, "the one around it") {
		t.Errorf("the message does not tell enough: %v", e)
	}
}

func TestGitNoRepository(t *testing.T) {
	h, _ := newHost(t, "", emptyRegistry)
	e := fails(t, run(t, h, `git.head()`, runtime.GitRead), runtime.NotFound)
	if !strings.Contains(e.Message, "not a git repository") {
		t.Errorf("the message does not tell enough: %v", e)
	}
}

// Between the check and the change somebody else may move the work tree.
func TestGitMovedMeanwhile(t *testing.T) {
	s := fetched(t)
	r, err := gitcmd.Open(t.Context(), s.home, gitcmd.Options{})
	must(t, err)
	seen := headPlan{commit: s.base, branch: "main"}
	must(t, stillAt(t.Context(), r, seen))
	gitDo(t, s.home, "merge", "-q", "--ff-only", "origin/main")
	err = stillAt(t.Context(), r, seen)
	if runtime.KindOf(err) != runtime.Conflict || !strings.Contains(err.Error(), "is now at main ("+short(s.next)) {
		t.Errorf("the error is %v", err)
	}
}
