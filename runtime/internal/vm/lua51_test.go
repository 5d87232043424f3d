package vm

import (
	"bytes"
	"errors"
	"os"
	osexec "os/exec"
	"strings"
	"testing"
	"time"
)

// The differential suite: each line of probes.txt is a chunk; golden.txt holds what
// Lua 5.1.5 prints for it, known.txt what this machine prints instead where
// that differs on purpose, both as "line number<TAB>quoted output".

func lines(t *testing.T, name string) []string {
	b, err := os.ReadFile("testdata/lua51/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}

// ours runs a probe here.
func ours(t *testing.T, src string) string {
	m := New(Limits{})
	defer m.Close()
	var out bytes.Buffer
	m.SetOutput(&out)
	p, err := m.Compile("p", []byte(src))
	if err == nil {
		_, err = m.Run(timeoutContext(t, 20*time.Second), m.Load(p))
	}
	if err != nil {
		out.WriteString("error: " + err.Error() + "\n")
	}
	return one(out.String())
}

// one puts an output into one line.
func one(s string) string {
	return strings.NewReplacer("\\", "\\\\", "\n", "\\n", "\r", "\\r", "\x00", "\\0").Replace(s)
}

// reference runs a probe in lua5.1.
func reference(t *testing.T, path, src string) string {
	const wrapper = `local f, e = loadstring(arg[1], "=p") if f then local ok ok, e = pcall(f) if ok then e = nil end end if e then io.write("error: ", tostring(e), "\n") end`
	cmd := osexec.CommandContext(timeoutContext(t, 20*time.Second), path, "-", src)
	cmd.Env = append(os.Environ(), "TZ=UTC", "LC_ALL=C")
	cmd.Stdin = strings.NewReader(wrapper)
	out, err := cmd.CombinedOutput()
	if err != nil {
		var exit *osexec.ExitError
		if !errors.As(err, &exit) {
			t.Fatal(err)
		}
	}
	return one(string(out))
}

// TestLua51 compares with the stored outputs of the reference implementation.
func TestLua51(t *testing.T) {
	probes, golden := lines(t, "probes.txt"), lines(t, "golden.txt")
	if len(probes) < 300 || len(golden) != len(probes) {
		t.Fatalf("%d probes, %d outputs", len(probes), len(golden))
	}
	known := map[string]string{}
	for _, l := range lines(t, "known.txt") {
		if probe, out, ok := strings.Cut(l, "\t=> "); ok {
			known[probe] = out
		}
	}
	differ := 0
	for i, p := range probes {
		got := ours(t, p)
		want, listed := known[p]
		if listed {
			differ++
			if golden[i] == want {
				t.Errorf("%d: %s\nis listed as different but is not", i+1, p)
			}
			delete(known, p)
		} else {
			want = golden[i]
		}
		if got != want {
			t.Errorf("%d: %s\n got %s\nwant %s", i+1, p, got, want)
		}
	}
	for p := range known {
		t.Errorf("known.txt lists a probe that does not exist: %s", p)
	}
	t.Logf("%d probes, %d equal, %d known differences", len(probes), len(probes)-differ, differ)
}

// TestLua51Live holds the stored outputs against a lua5.1 on PATH. With
// LUA51_UPDATE=1 it writes them.
func TestLua51Live(t *testing.T) {
	path, err := osexec.LookPath("lua5.1")
	if err != nil {
		t.Skip("no lua5.1 on PATH")
	}
	probes := lines(t, "probes.txt")
	var out strings.Builder
	for _, p := range probes {
		out.WriteString(reference(t, path, p) + "\n")
	}
	if os.Getenv("LUA51_UPDATE") != "" {
		if err := os.WriteFile("testdata/lua51/golden.txt", []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range lines(t, "golden.txt") {
		if got := strings.Split(out.String(), "\n")[i]; got != want {
			t.Errorf("%d: %s\nlua5.1 prints %s\nstored is     %s", i+1, probes[i], got, want)
		}
	}
}
