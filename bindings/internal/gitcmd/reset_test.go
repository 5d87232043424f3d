package gitcmd

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// snapshot of the tracked and untracked files, without .git.
func snapshot(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	must(t, filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.Name() == ".git" {
			if d != nil && d.IsDir() && d.Name() == ".git" {
				return filepath.SkipDir
			}
			return err
		}
		fi, err := d.Info()
		if err != nil {
			return err
		}
		data := []byte{}
		if fi.Mode().IsRegular() {
			if data, err = os.ReadFile(p); err != nil {
				return err
			}
		}
		fmt.Fprintf(&b, "%s %v %q\n", strings.TrimPrefix(p, dir), fi.Mode(), data)
		return nil
	}))
	return b.String()
}

func TestResetToIsExact(t *testing.T) {
	for _, detached := range []bool{false, true} {
		t.Run(fmt.Sprint("detached ", detached), func(t *testing.T) {
			s := newSite(t)
			r, ctx := open(t, s.home, Options{}), t.Context()
			put(t, s.home+"/scripts/operators-own.sh", "kept\n")
			before := snapshot(t, s.home)
			st, err := r.Status(ctx)
			must(t, err)
			_, err = r.Fetch(ctx, "origin", 10*time.Second)
			must(t, err)
			must(t, r.FastForward(ctx, s.next))
			// What a bad release does to a tree.
			put(t, s.home+"/scripts/new/left.sh", "left over\n")
			put(t, s.home+"/scripts/new/added.sh", "changed by itself\n")
			put(t, s.home+"/scripts/old.sh", "back again\n")
			put(t, s.home+"/state.json", "{\"x\":2}\n")
			must(t, os.Remove(s.home+"/.gitignore"))
			must(t, os.Chmod(s.home+"/scripts/worker.sh", 0o755))
			if detached {
				sh(t, s.home, "checkout", "-q", "--detach")
			}
			_, err = r.ResetTo(ctx, s.base, "main", ResetOptions{})
			wantIs(t, err, ErrInTheWay)
			done, err := r.ResetTo(ctx, s.base, "main", ResetOptions{Force: true, Remove: []string{"scripts"}, Known: st.Untracked})
			must(t, err)
			if !slices.Equal(done.Removed, []string{"scripts/new/left.sh"}) || !slices.Equal(done.Untracked, []string{"scripts/operators-own.sh"}) {
				t.Errorf("done %+v", done)
			}
			if after := snapshot(t, s.home); after != before {
				t.Errorf("before:\n%s\nafter:\n%s", before, after)
			}
			h, err := r.Head(ctx)
			must(t, err)
			if h.ID != s.base || h.Branch != "main" {
				t.Errorf("head %+v", h)
			}
			if st, err := r.Status(ctx); err != nil || st.Upstream != "origin/main" {
				t.Errorf("upstream %q %v", st.Upstream, err)
			}
			_, err = r.ResetTo(ctx, s.next, "", ResetOptions{})
			must(t, err)
			if h, _ := r.Head(ctx); h.Branch != "" || h.ID != s.next {
				t.Errorf("detached head %+v", h)
			}
		})
	}
}

func TestResetKeepsUnrelatedChanges(t *testing.T) {
	s := newSite(t)
	r, ctx := open(t, s.home, Options{}), t.Context()
	_, err := r.Fetch(ctx, "origin", 10*time.Second)
	must(t, err)
	must(t, r.FastForward(ctx, s.next))
	put(t, s.home+"/state.json", "live state\n")
	_, err = r.ResetTo(ctx, s.base, "main", ResetOptions{})
	must(t, err)
	if data, _ := os.ReadFile(s.home + "/state.json"); string(data) != "live state\n" {
		t.Errorf("state %q", data)
	}
}

// A move that was cut off has written files that its index knows nothing of.
func TestResetToRemovesWhatACutOffMoveWrote(t *testing.T) {
	s := newSite(t)
	r, ctx := open(t, s.home, Options{}), t.Context()
	_, err := r.Fetch(ctx, "origin", 10*time.Second)
	must(t, err)
	before := snapshot(t, s.home)
	added, err := r.ShowFile(ctx, s.next, "scripts/new/added.sh")
	must(t, err)
	for name, left := range map[string]struct {
		text string
		gone bool
	}{
		"whole":     {string(added.Data), true},
		"half":      {string(added.Data[:len(added.Data)/2]), true},
		"stranger":  {"not of that commit\n", false},
		"continued": {string(added.Data) + "more\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			put(t, s.home+"/scripts/new/added.sh", left.text)
			put(t, s.home+"/scripts/worker.sh", "half-written")
			lock := s.home + "/.git/index.lock"
			put(t, lock, "")
			_, err := r.ResetTo(ctx, s.base, "main", ResetOptions{Force: true, Leaving: s.next})
			wantIs(t, err, ErrLocked)
			_, err = r.ResetTo(ctx, s.base, "main", ResetOptions{Force: true, Leaving: s.next, BreakLocks: true})
			must(t, err)
			if after := snapshot(t, s.home); (after == before) != left.gone {
				t.Errorf("before:\n%s\nafter:\n%s", before, after)
			}
			must(t, os.RemoveAll(s.home+"/scripts/new"))
		})
	}
}

// A lock that a live git holds is not broken.
func TestResetToLeavesTheLockOfALiveGit(t *testing.T) {
	s := newSite(t)
	r, ctx := open(t, s.home, Options{}), t.Context()
	held, err := os.Create(s.home + "/.git/index.lock")
	must(t, err)
	defer held.Close()
	_, err = r.ResetTo(ctx, s.base, "main", ResetOptions{Force: true, BreakLocks: true})
	if e := wantIs(t, err, ErrLocked); e.Lock.Holder != os.Getpid() {
		t.Errorf("the holder is %d, want %d", e.Lock.Holder, os.Getpid())
	}
}
