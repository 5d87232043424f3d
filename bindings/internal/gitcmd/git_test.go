package gitcmd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// sh runs git as the test's own user would, outside the code under test.
func sh(t *testing.T, dir string, args ...string) string {
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

func put(t *testing.T, path, text string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, []byte(text), 0o644))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantIs(t *testing.T, err, kind error) *Error {
	t.Helper()
	var e *Error
	if !errors.Is(err, kind) || !errors.As(err, &e) {
		t.Fatalf("error %v, want *Error that is %q", err, kind)
	}
	return e
}

// site is a home with a remote that is ahead: a base commit, then a good one.
type site struct{ origin, home, base, next string }

func newSite(t *testing.T) site {
	t.Helper()
	top, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	s := site{origin: top + "/origin.git", home: top + "/home"}
	work := top + "/work"
	sh(t, top, "init", "-q", "-b", "main", work)
	put(t, work+"/scripts/worker.sh", "echo 1\n")
	put(t, work+"/scripts/old.sh", "echo old\n")
	put(t, work+"/state.json", "{}\n")
	put(t, work+"/.gitignore", "*.log\n")
	sh(t, work, "add", "-A")
	sh(t, work, "commit", "-q", "-m", "Base")
	s.base = sh(t, work, "rev-parse", "HEAD")
	sh(t, top, "clone", "-q", "--bare", work, s.origin)
	sh(t, top, "clone", "-q", s.origin, s.home)
	put(t, work+"/scripts/worker.sh", "echo 2\n")
	put(t, work+"/scripts/new/added.sh", "echo new\n")
	must(t, os.Chmod(work+"/scripts/new/added.sh", 0o755))
	must(t, os.Remove(work+"/scripts/old.sh"))
	sh(t, work, "add", "-A")
	sh(t, work, "commit", "-q", "-m", "Next: a subject\twith tab")
	s.next = sh(t, work, "rev-parse", "HEAD")
	sh(t, work, "push", "-q", s.origin, "main")
	return s
}

func open(t *testing.T, dir string, opts Options) *Repo {
	t.Helper()
	r, err := Open(t.Context(), dir, opts)
	must(t, err)
	return r
}

func TestFetchAndFastForward(t *testing.T) {
	s := newSite(t)
	r, ctx := open(t, s.home+"/scripts", Options{}), t.Context()
	if r.Dir != s.home {
		t.Errorf("top is %s", r.Dir)
	}
	_, err := r.ResolveCommit(ctx, s.next)
	wantIs(t, err, ErrUnknownCommit)
	got, err := r.Fetch(ctx, "origin", 10*time.Second)
	must(t, err)
	if got.Updated["refs/remotes/origin/main"] != s.next {
		t.Errorf("fetched %v", got)
	}
	st, err := r.Status(ctx)
	must(t, err)
	if st.Behind != 1 || st.Ahead != 0 || st.Upstream != "origin/main" || !st.Clean() || st.Branch != "main" || st.Commit != s.base {
		t.Errorf("status %+v", st)
	}
	must(t, r.FastForward(ctx, "origin/main"))
	must(t, r.FastForward(ctx, "origin/main"))
	h, err := r.Head(ctx)
	must(t, err)
	if h.ID != s.next || h.Branch != "main" || h.Subject != "Next: a subject\twith tab" || !strings.HasPrefix(h.ID, h.Short) {
		t.Errorf("head %+v", h)
	}
	if ok, err := r.IsAncestor(ctx, s.base, "HEAD"); !ok || err != nil {
		t.Errorf("ancestor: %v %v", ok, err)
	}
	d, err := r.Diff(ctx, s.base, s.next)
	must(t, err)
	if !slices.Equal(d, []Change{{'A', "scripts/new/added.sh"}, {'D', "scripts/old.sh"}, {'M', "scripts/worker.sh"}}) {
		t.Errorf("diff %v", d)
	}
	c, err := r.ShowFile(ctx, s.next, "scripts/new/added.sh")
	must(t, err)
	if string(c.Data) != "echo new\n" || c.Mode != "100755" {
		t.Errorf("content %+v", c)
	}
	_, err = r.ShowFile(ctx, s.base, "scripts/new/added.sh")
	wantIs(t, err, ErrNoFile)
	_, err = r.ShowFile(ctx, s.base, "../../etc/passwd")
	wantIs(t, err, ErrInvalidName)
	log, err := r.Log(ctx, "", 10)
	must(t, err)
	if len(log) != 2 || log[1].Subject != "Base" {
		t.Errorf("log %+v", log)
	}
	list, err := r.ListTree(ctx, "HEAD", "scripts")
	must(t, err)
	if len(list) != 2 {
		t.Errorf("tree %+v", list)
	}
}

func TestNamesNeverBecomeOptions(t *testing.T) {
	s := newSite(t)
	r, ctx := open(t, s.home, Options{}), t.Context()
	for _, name := range []string{"", "--all", "-n1", "--upload-pack=touch /tmp/x", "a..b", "^HEAD", ":/Base", "HEAD:state.json", "a b", "x\x00y", "--end-of-options"} {
		if _, err := r.ResolveCommit(ctx, name); !errors.Is(err, ErrInvalidName) {
			t.Errorf("%q: %v", name, err)
		}
		if _, err := r.Fetch(ctx, name, time.Second); err == nil {
			t.Errorf("fetched from %q", name)
		}
		if _, err := r.ResetTo(ctx, "HEAD", name, ResetOptions{}); name != "" && err == nil {
			t.Errorf("reset to branch %q", name)
		}
	}
	wantIs(t, func() error { _, err := r.Fetch(ctx, "nowhere", time.Second); return err }(), ErrUnknownRemote)
	wantIs(t, func() error { _, err := r.ResolveCommit(ctx, "nowhere"); return err }(), ErrUnknownCommit)
}

func TestNotARepository(t *testing.T) {
	_, err := Open(t.Context(), t.TempDir(), Options{})
	wantIs(t, err, ErrNotRepo)
	_, err = Open(t.Context(), t.TempDir()+"/none", Options{})
	wantIs(t, err, ErrNotRepo)
	empty := t.TempDir()
	sh(t, empty, "init", "-q")
	_, err = open(t, empty, Options{}).Head(t.Context())
	wantIs(t, err, ErrUnknownCommit)
	_, err = Open(t.Context(), empty, Options{Program: "/nonexistent/git"})
	wantIs(t, err, ErrNoGit)
}

func TestRemoteMovedAway(t *testing.T) {
	s := newSite(t)
	must(t, os.Rename(s.origin, s.origin+".gone"))
	_, err := open(t, s.home, Options{}).Fetch(t.Context(), "origin", 10*time.Second)
	e := wantIs(t, err, ErrRemote)
	if !strings.Contains(e.Detail, "Could not read from remote repository") && !strings.Contains(e.Detail, "not appear to be a git") {
		t.Errorf("detail %q", e.Detail)
	}
	if !strings.Contains(e.Stderr, s.origin) {
		t.Errorf("git's own words are missing: %q", e.Stderr)
	}
}

// TestRemoteThatNeverAnswers: a listener that takes connections and is silent.
func TestRemoteThatNeverAnswers(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
		}
	}()
	s := newSite(t)
	sh(t, s.home, "remote", "set-url", "origin", "git://"+l.Addr().String()+"/x.git")
	start := time.Now()
	_, err = open(t, s.home, Options{}).Fetch(t.Context(), "origin", 300*time.Millisecond)
	wantIs(t, err, ErrTimeout)
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}

// TestRemoteThatHoldsThePipe: ssh leaves a child that ignores TERM and keeps
// the output open.
func TestRemoteThatHoldsThePipe(t *testing.T) {
	s := newSite(t)
	pidfile := t.TempDir() + "/pid"
	ssh := t.TempDir() + "/ssh"
	put(t, ssh, "#!/bin/sh\ntrap '' TERM\necho $$ > "+pidfile+"\nsleep 300 &\nwhile :; do wait; sleep 1; done\n")
	must(t, os.Chmod(ssh, 0o755))
	sh(t, s.home, "remote", "set-url", "origin", "ssh://host.invalid/x.git")
	sh(t, s.home, "config", "core.sshCommand", ssh)
	_, err := open(t, s.home, Options{}).Fetch(t.Context(), "origin", time.Second)
	wantIs(t, err, ErrHostile)
	start := time.Now()
	_, err = open(t, s.home, Options{AllowConfig: []string{"core.sshCommand"}}).Fetch(t.Context(), "origin", time.Second)
	wantIs(t, err, ErrTimeout)
	if took := time.Since(start); took > 8*time.Second {
		t.Errorf("it took %v", took)
	}
	var pid int
	data, err := os.ReadFile(pidfile)
	must(t, err)
	fmt.Sscan(string(data), &pid)
	eventually(t, "the ssh to be gone", func() bool { return gone(pid) })
}

func gone(pid int) bool {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.Contains(string(data), ") Z ")
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatal("waited in vain for ", what)
}

func TestCanceledFetch(t *testing.T) {
	s := newSite(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	r := open(t, s.home, Options{})
	stop := errors.New("the operator stopped it")
	cancel(stop)
	_, err := r.Fetch(ctx, "origin", 0)
	if !errors.Is(err, stop) {
		t.Errorf("%v", err)
	}
}

func TestDirtyTree(t *testing.T) {
	s := newSite(t)
	r, ctx := open(t, s.home, Options{}), t.Context()
	_, err := r.Fetch(ctx, "origin", 10*time.Second)
	must(t, err)
	put(t, s.home+"/scripts/worker.sh", "mine\n")
	put(t, s.home+"/state.json", "{\"a\":1}\n")
	put(t, s.home+"/scripts/new/added.sh", "in the way\n")
	put(t, s.home+"/with space \"q\"\nline", "x")
	put(t, s.home+"/run/backups/b.tar", "x")
	must(t, os.Rename(s.home+"/scripts/old.sh", s.home+"/scripts/renamed.sh"))
	sh(t, s.home, "add", "scripts/old.sh", "scripts/renamed.sh")
	st, err := r.Status(ctx, "run/backups", "state.json")
	must(t, err)
	if !slices.Equal(st.Modified, []string{"scripts/worker.sh"}) || !slices.Equal(st.Staged, []string{"scripts/renamed.sh"}) ||
		len(st.Renamed) != 1 || st.Renamed[0].From != "scripts/old.sh" ||
		!slices.Equal(st.Untracked, []string{"scripts/new/added.sh", "with space \"q\"\nline"}) {
		t.Errorf("status %+v", st)
	}
	e := wantIs(t, r.FastForward(ctx, s.next), ErrInTheWay)
	want := []string{"scripts/old.sh", "scripts/worker.sh", "scripts/new/added.sh"}
	if !slices.Equal(e.Paths, want) {
		t.Errorf("in the way %q, want %q", e.Paths, want)
	}
	if h, _ := r.Head(ctx); h.ID != s.base {
		t.Error("the commit moved although files are in the way")
	}
}

func TestUntrackedInTheWay(t *testing.T) {
	for name, file := range map[string]string{"file": "scripts/new/added.sh", "parent": "scripts/new", "below": "scripts/new/added.sh/deep"} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			r := open(t, s.home, Options{})
			_, err := r.Fetch(t.Context(), "origin", 10*time.Second)
			must(t, err)
			put(t, s.home+"/.git/info/exclude", "scripts/new\n") // ignored files are in the way too
			put(t, s.home+"/"+file, "precious")
			got, err := r.UntrackedInTheWay(t.Context(), s.next)
			must(t, err)
			if !slices.Equal(got, []string{file}) {
				t.Errorf("in the way %q", got)
			}
			wantIs(t, r.FastForward(t.Context(), s.next), ErrInTheWay)
			if data, _ := os.ReadFile(s.home + "/" + file); string(data) != "precious" {
				t.Error("the file was lost")
			}
		})
	}
}

func TestDiverged(t *testing.T) {
	s := newSite(t)
	put(t, s.home+"/mine", "x")
	sh(t, s.home, "add", "mine")
	sh(t, s.home, "commit", "-q", "-m", "Mine")
	r := open(t, s.home, Options{})
	_, err := r.Fetch(t.Context(), "origin", 10*time.Second)
	must(t, err)
	wantIs(t, r.FastForward(t.Context(), "origin/main"), ErrDiverged)
}

func TestBusyRepository(t *testing.T) {
	s := newSite(t)
	r, ctx := open(t, s.home, Options{}), t.Context()
	_, err := r.Fetch(ctx, "origin", 10*time.Second)
	must(t, err)
	lock := s.home + "/.git/index.lock"
	put(t, lock, "")
	old := time.Now().Add(-time.Hour)
	must(t, os.Chtimes(lock, old, old))
	e := wantIs(t, r.FastForward(ctx, s.next), ErrLocked)
	if e.Lock == nil || e.Lock.Path != lock || e.Lock.Holder != 0 || e.Lock.Age < 59*time.Minute || !strings.Contains(e.Error(), "no process") {
		t.Errorf("lock %+v: %v", e.Lock, e)
	}
	f, err := os.Open(lock)
	must(t, err)
	e = wantIs(t, r.FastForward(ctx, s.next), ErrLocked)
	if e.Lock.Holder != os.Getpid() {
		t.Errorf("holder %d, want this process", e.Lock.Holder)
	}
	must(t, f.Close())
	must(t, os.Remove(lock))
	put(t, s.home+"/.git/MERGE_HEAD", s.next+"\n")
	wantIs(t, r.FastForward(ctx, s.next), ErrBusy)
	_, err = r.ResetTo(ctx, s.base, "main", ResetOptions{Force: true})
	wantIs(t, err, ErrBusy)
	must(t, os.Remove(s.home+"/.git/MERGE_HEAD"))
	must(t, r.FastForward(ctx, s.next))
}

func TestHooks(t *testing.T) {
	s := newSite(t)
	ran := t.TempDir() + "/ran"
	hook := func(name, text string) {
		put(t, s.home+"/.git/hooks/"+name, "#!/bin/sh\n"+text)
		must(t, os.Chmod(s.home+"/.git/hooks/"+name, 0o755))
	}
	hook("post-merge", "touch "+ran+"\necho deploy failed >&2\nexit 7\n")
	r, ctx := open(t, s.home, Options{}), t.Context()
	_, err := r.Fetch(ctx, "origin", 10*time.Second)
	must(t, err)
	must(t, r.FastForward(ctx, s.next))
	if _, err := os.Stat(ran); err == nil {
		t.Error("a hook ran unasked")
	}
	_, err = r.ResetTo(ctx, s.base, "main", ResetOptions{})
	must(t, err)
	hooked := open(t, s.home, Options{Hooks: true})
	e := wantIs(t, hooked.FastForward(ctx, s.next), ErrHook)
	if e.Hook.Name != "post-merge" || e.Hook.Code != 7 || !e.Hook.Applied || !strings.Contains(e.Error(), "deploy failed") {
		t.Errorf("hook %+v: %v", e.Hook, e)
	}
	_, err = r.ResetTo(ctx, s.base, "main", ResetOptions{})
	must(t, err)
	must(t, os.Remove(s.home+"/.git/hooks/post-merge"))
	hook("reference-transaction", "test \"$1\" != prepared\n")
	e = wantIs(t, hooked.FastForward(ctx, s.next), ErrHook)
	if e.Hook.Name != "reference-transaction" || e.Hook.Applied {
		t.Errorf("hook %+v", e.Hook)
	}
}

func TestHostileConfiguration(t *testing.T) {
	for _, key := range []string{"filter.x.clean", "filter.x.smudge", "diff.x.command", "diff.x.textconv", "diff.external", "merge.x.driver", "core.sshCommand",
		"core.gitProxy", "credential.helper", "credential.https://a.b.helper", "include.path", "includeIf.gitdir:/.path", "alias.st", "url.x.insteadOf", "remote.origin.uploadpack"} {
		t.Run(key, func(t *testing.T) {
			s := newSite(t)
			ran := t.TempDir() + "/ran"
			put(t, s.home+"/.gitattributes", "* filter=x diff=x merge=x\n")
			sh(t, s.home, "config", key, "touch "+ran)
			put(t, s.home+"/state.json", "changed")
			r := open(t, s.home, Options{})
			_, err := r.Status(t.Context())
			e := wantIs(t, err, ErrHostile)
			if !strings.EqualFold(e.Paths[0], key) {
				t.Errorf("named %q", e.Paths)
			}
			_, err = r.Fetch(t.Context(), "origin", time.Second)
			wantIs(t, err, ErrHostile)
			if _, err := os.Stat(ran); err == nil {
				t.Error("a program of the configuration ran")
			}
			_, err = open(t, s.home, Options{AllowConfig: []string{strings.ToUpper(key)}}).Log(t.Context(), "", 1)
			if errors.Is(err, ErrHostile) {
				t.Errorf("the key was allowed: %v", err)
			}
		})
	}
}

func TestConfigurationIsCheckedAgainWhenItChanges(t *testing.T) {
	s := newSite(t)
	r := open(t, s.home, Options{})
	_, err := r.Status(t.Context())
	must(t, err)
	sh(t, s.home, "config", "filter.x.clean", "true")
	_, err = r.Status(t.Context())
	wantIs(t, err, ErrHostile)
}

func TestFsmonitorAndInheritedEnvironment(t *testing.T) {
	s := newSite(t)
	ran := t.TempDir() + "/ran"
	sh(t, s.home, "config", "core.fsmonitor", "touch "+ran+"; false")
	t.Setenv("GIT_DIR", "/nonexistent")
	t.Setenv("GIT_INDEX_FILE", "/nonexistent")
	t.Setenv("GIT_EXTERNAL_DIFF", "touch "+ran)
	if _, err := open(t, s.home, Options{}).Status(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(ran); err == nil {
		t.Error("fsmonitor ran")
	}
}

// TestOtherOwner needs root, to give the repository to somebody else.
func TestOtherOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root to change an owner")
	}
	s := newSite(t)
	must(t, filepath.WalkDir(s.home, func(p string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(p, 65534, 65534))
	}))
	_, err := Open(t.Context(), s.home, Options{})
	wantIs(t, err, ErrOwner)
	if _, err := open(t, s.home, Options{TrustOwner: true}).Status(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestMarks(t *testing.T) {
	s := newSite(t)
	r, ctx := open(t, s.home, Options{}), t.Context()
	must(t, r.UpdateRef(ctx, "good/1", s.base, ""))
	refs, err := r.Refs(ctx, "refs/cortexlua")
	must(t, err)
	if refs["refs/cortexlua/good/1"] != s.base {
		t.Errorf("refs %v", refs)
	}
	wantIs(t, r.UpdateRef(ctx, "good/1", s.base, strings.Repeat("1", 40)), ErrMoved)
	must(t, r.UpdateRef(ctx, "good/1", "", s.base))
	for _, bad := range []string{"--stdin", "../heads/main", "a b"} {
		if err := r.UpdateRef(ctx, bad, s.base, ""); err == nil {
			t.Errorf("mark %q was set", bad)
		}
	}
}

func TestHiddenChanges(t *testing.T) {
	s := newSite(t)
	sh(t, s.home, "update-index", "--assume-unchanged", "state.json")
	got, err := open(t, s.home, Options{}).Hidden(t.Context())
	must(t, err)
	if !slices.Equal(got, []string{"state.json"}) {
		t.Errorf("hidden %q", got)
	}
}

// What git was told not to look at would still stop git in the middle of a move.
func TestHiddenChangesAreInTheWay(t *testing.T) {
	s := newSite(t)
	r, ctx := open(t, s.home, Options{}), t.Context()
	_, err := r.Fetch(ctx, "origin", 10*time.Second)
	must(t, err)
	sh(t, s.home, "update-index", "--assume-unchanged", "scripts/worker.sh", "state.json")
	found, err := r.ModifiedInTheWay(ctx, s.next)
	must(t, err)
	if len(found) > 0 {
		t.Errorf("unchanged files are in the way: %q", found)
	}
	put(t, s.home+"/scripts/worker.sh", "changed in secret\n")
	put(t, s.home+"/state.json", "the next commit does not touch it\n")
	found, err = r.ModifiedInTheWay(ctx, s.next)
	must(t, err)
	if !slices.Equal(found, []string{"scripts/worker.sh"}) {
		t.Errorf("in the way: %q", found)
	}
	wantIs(t, r.FastForward(ctx, s.next), ErrInTheWay)
}

// A branch that the remote has no more is not among the fetched ones, whatever
// the tracking references say.
func TestFetchTellsTheBranchesOfTheRemote(t *testing.T) {
	s := newSite(t)
	r, ctx := open(t, s.home, Options{}), t.Context()
	done, err := r.Fetch(ctx, "origin", 10*time.Second)
	must(t, err)
	if done.Branches["main"] != s.next {
		t.Errorf("branches %v, want main at %s", done.Branches, s.next)
	}
	sh(t, s.home, "--git-dir", sh(t, s.home, "config", "remote.origin.url"), "branch", "-m", "main", "trunk")
	done, err = r.Fetch(ctx, "origin", 10*time.Second)
	must(t, err)
	if _, old := done.Branches["main"]; old || done.Branches["trunk"] != s.next {
		t.Errorf("branches %v, want trunk at %s only", done.Branches, s.next)
	}
}

// State files that a repository tracks belong to those who write them: their
// content here wins over that of the new commit.
func TestFastForwardKeepsLocalChanges(t *testing.T) {
	s := newSite(t)
	r, ctx := open(t, s.home, Options{}), t.Context()
	_, err := r.Fetch(ctx, "origin", 10*time.Second)
	must(t, err)
	added := s.home + "/scripts/new/added.sh" // untracked here, tracked there
	must(t, os.MkdirAll(filepath.Dir(added), 0o755))
	put(t, added, "mine\n")
	put(t, s.home+"/scripts/worker.sh", "mine too\n")
	must(t, os.Chmod(s.home+"/scripts/worker.sh", 0o600))
	sh(t, s.home, "add", "scripts/worker.sh")
	wantIs(t, r.FastForward(ctx, s.next), ErrInTheWay)
	wantIs(t, r.FastForward(ctx, s.next, "scripts/new"), ErrInTheWay)
	must(t, r.FastForward(ctx, s.next, "scripts"))
	for path, want := range map[string]string{added: "mine\n", s.home + "/scripts/worker.sh": "mine too\n"} {
		if data, err := os.ReadFile(path); err != nil || string(data) != want {
			t.Errorf("%s holds %q, want %q (%v)", path, data, want, err)
		}
	}
	if fi, err := os.Stat(s.home + "/scripts/worker.sh"); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("the mode was not kept: %v %v", fi, err)
	}
	if got := sh(t, s.home, "status", "--porcelain"); got != "M scripts/new/added.sh\n M scripts/worker.sh" {
		t.Errorf("status %q", got)
	}
}

// A file that was deleted here stays deleted, and a move that fails puts back what
// it had set aside.
func TestFastForwardThatFailsKeepsLocalChanges(t *testing.T) {
	s := newSite(t)
	r, ctx := open(t, s.home, Options{Hooks: true}), t.Context()
	_, err := r.Fetch(ctx, "origin", 10*time.Second)
	must(t, err)
	must(t, os.Remove(s.home+"/scripts/worker.sh"))
	hook := s.home + "/.git/hooks/reference-transaction"
	must(t, os.MkdirAll(filepath.Dir(hook), 0o755))
	put(t, hook, "#!/bin/sh\nexit 1\n")
	must(t, os.Chmod(hook, 0o755))
	put(t, s.home+"/scripts/new/added.sh", "mine\n")
	before := snapshot(t, s.home)
	wantIs(t, r.FastForward(ctx, s.next, "scripts"), ErrHook)
	if after := snapshot(t, s.home); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
	must(t, os.Remove(hook))
	must(t, r.FastForward(ctx, s.next, "scripts"))
	if _, err := os.Lstat(s.home + "/scripts/worker.sh"); err == nil {
		t.Error("the file that was deleted here is back")
	}
}
