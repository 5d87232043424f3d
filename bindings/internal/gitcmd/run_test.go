package gitcmd

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestRunBoundsOutput(t *testing.T) {
	_, err := run(t.Context(), "/bin/sh", "/", call{args: []string{"-c", "yes"}, limit: 1 << 20})
	if !errors.Is(err, errTooMuch) {
		t.Errorf("%v", err)
	}
	res, err := run(t.Context(), "/bin/sh", "/", call{args: []string{"-c", "yes e | head -c 1000000 >&2; echo end >&2"}})
	must(t, err)
	if len(res.stderr) > keepStderr || !strings.HasSuffix(res.stderr, "end\n") {
		t.Errorf("kept %d bytes", len(res.stderr))
	}
}

// TestRunDoesNotWaitForGrandchildren: one that left the session holds the pipe.
func TestRunDoesNotWaitForGrandchildren(t *testing.T) {
	pidfile := t.TempDir() + "/pid"
	start := time.Now()
	res, err := run(t.Context(), "/bin/sh", "/", call{args: []string{"-c", "setsid sh -c 'echo $$ > " + pidfile + "; exec sleep 300' & while ! test -s " + pidfile + "; do :; done; echo out"},
		env: []string{"PATH=/usr/bin:/bin"}})
	must(t, err)
	if string(res.stdout) != "out\n" || time.Since(start) > 10*time.Second {
		t.Errorf("%q after %v", res.stdout, time.Since(start))
	}
	var pid int
	data, err := os.ReadFile(pidfile)
	must(t, err)
	if _, err := fmt.Sscan(string(data), &pid); err != nil || pid < 2 {
		t.Fatal("no pid of the grandchild")
	}
	unix.Kill(pid, unix.SIGKILL) // ours: started just above
}

func FuzzParseStatus(f *testing.F) {
	f.Add([]byte("# branch.oid " + strings.Repeat("a", 40) + "\x00# branch.head main\x00# branch.ab +1 -2\x001 .M N... 100644 100644 100644 a b x y\x002 R. N... 1 2 3 a b R100 new\x00old\x00? un tracked\x00u UU N... 1 2 3 4 a b c p\x00"))
	f.Add([]byte("2 R. N... 1 2 3 a b R100 new\x00"))
	f.Add([]byte("1 \x00?\x00!\x00x"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := parseStatus(data)
		if err != nil && !errors.Is(err, errStatus) {
			t.Fatalf("untyped error %v", err)
		}
		for _, p := range slices.Concat(s.Changed(), s.Untracked) {
			if p == "" {
				t.Fatal("an empty path")
			}
		}
	})
}
