package gitcmd

import (
	"os"
	"slices"
	"testing"
)

func writeHook(t *testing.T, home, name, script string) {
	t.Helper()
	put(t, home+"/.git/hooks/"+name, "#!/bin/sh\n"+script+"\n")
	must(t, os.Chmod(home+"/.git/hooks/"+name, 0o755))
}

func rehearsals(t *testing.T) []string {
	t.Helper()
	found, err := os.ReadDir(os.Getenv("TMPDIR"))
	must(t, err)
	var names []string
	for _, e := range found {
		names = append(names, e.Name())
	}
	return names
}

func TestRehearseFindsAFailingHookAndTouchesNothing(t *testing.T) {
	s := newSite(t)
	t.Setenv("TMPDIR", t.TempDir())
	r, err := Open(t.Context(), s.home, Options{})
	must(t, err)
	sh(t, s.home, "fetch", "--quiet", "origin")
	for _, name := range []string{"post-merge", "post-checkout"} {
		writeHook(t, s.home, name, "echo the hook says no >&2; exit 7")
		hooks, err := r.Rehearse(t.Context(), s.next)
		e := wantIs(t, err, ErrHook)
		if e.Hook == nil || e.Hook.Name != name || e.Hook.Code != 7 {
			t.Errorf("%s: the error is about hook %+v", name, e.Hook)
		}
		if !slices.Equal(hooks, []string{name}) {
			t.Errorf("hooks tried: %v", hooks)
		}
		must(t, os.Remove(s.home+"/.git/hooks/"+name))
	}
	if got := sh(t, s.home, "rev-parse", "HEAD"); got != s.base {
		t.Errorf("HEAD moved to %s", got)
	}
	if got := sh(t, s.home, "worktree", "list", "--porcelain"); len(got) == 0 || slices.Contains([]string{got}, "rehearsal") {
		t.Errorf("work trees: %s", got)
	}
	if left := rehearsals(t); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestRehearseWithoutHooksDoesNothing(t *testing.T) {
	s := newSite(t)
	r, err := Open(t.Context(), s.home, Options{})
	must(t, err)
	sh(t, s.home, "fetch", "--quiet", "origin")
	writeHook(t, s.home, "pre-commit", "exit 1") // is not run by a fast-forward
	hooks, err := r.Rehearse(t.Context(), s.next)
	if err != nil || len(hooks) > 0 {
		t.Errorf("hooks %v, error %v", hooks, err)
	}
}

func TestRehearsePassesWhenHooksDo(t *testing.T) {
	s := newSite(t)
	r, err := Open(t.Context(), s.home, Options{})
	must(t, err)
	sh(t, s.home, "fetch", "--quiet", "origin")
	writeHook(t, s.home, "post-merge", "test -e .git")
	hooks, err := r.Rehearse(t.Context(), s.next)
	if err != nil || !slices.Equal(hooks, []string{"post-merge"}) {
		t.Errorf("hooks %v, error %v", hooks, err)
	}
}
