package proc

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// shell starts a script as a daemon with a home of its own and ends it with the test.
func shell(t testing.TB, script string) (*Child, string) {
	t.Helper()
	home := t.TempDir()
	return shellIn(t, home, script, NewCookie(t.Name())), home
}

func shellIn(t testing.TB, home, script, cookie string) *Child {
	t.Helper()
	c, err := StartDaemon(t.Context(), DaemonSpec{
		Name: "test", Argv: []string{"/bin/sh", "-c", script}, Env: testEnv(), Dir: home,
		Log: filepath.Join(home, "log"), Cookie: cookie,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(t, c, cookie) })
	return c
}

// end makes sure that nothing of a daemon outlives its test.
func end(t testing.TB, c *Child, cookie string) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	res, err := Stop(ctx, StopSpec{Identity: c.Identity(), Cookie: cookie, Grace: time.Millisecond})
	if err != nil {
		t.Errorf("cleanup: %v %+v", err, res)
	}
	<-c.Done()
}

func testEnv() []string { return []string{"PATH=" + os.Getenv("PATH")} }

// eventually waits for a condition; the limit only has to be long enough for a
// machine that is busy with other things.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never happened: %s", what)
		}
	}
}

// line waits until the daemon's log holds a whole line that begins with prefix and
// returns the rest of it.
func line(t testing.TB, home, prefix string) string {
	t.Helper()
	var found string
	eventually(t, "log line "+prefix, func() bool {
		raw, _ := os.ReadFile(filepath.Join(home, "log"))
		for l := range strings.Lines(string(raw)) {
			if rest, ok := strings.CutPrefix(l, prefix); ok && strings.HasSuffix(rest, "\n") {
				found = strings.TrimSpace(rest)
				return true
			}
		}
		return false
	})
	return found
}

func writeScript(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

func openFiles(t testing.TB) int {
	t.Helper()
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(names)
}
