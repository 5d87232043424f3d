package early

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func build(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "program")
	if out, err := exec.Command("go", "build", "-o", program, "./testdata/program").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return program
}

func start(t *testing.T, program string, env []string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), env...)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errOut.String(), cmd.ProcessState.ExitCode()
}

// TestNothingElseIsInitialised counts how often each package is initialised in a
// run: twice what the parent needs, once what only the child needs.
func TestNothingElseIsInitialised(t *testing.T) {
	program := build(t)
	stdout, stderr, code := start(t, program, []string{"GODEBUG=inittrace=1"}, "run", "x")
	if code != 9 || stdout != "supervised: true 3\n" {
		t.Fatalf("exit code %d, %q\n%s", code, stdout, stderr)
	}
	times := map[string]int{}
	for line := range strings.Lines(stderr) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "init" {
			times[f[1]]++
		}
	}
	if times["syscall"] != 2 {
		t.Fatalf("syscall was initialised %d times: the trace is not what it was\n%s", times["syscall"], stderr)
	}
	for _, name := range []string{
		"github.com/itchyny/gojq", "github.com/spf13/cobra", "github.com/yuin/gopher-lua", "text/template", "regexp",
	} {
		if times[name] != 1 {
			t.Errorf("%s was initialised %d times", name, times[name])
		}
	}
}

func TestWithoutAParent(t *testing.T) {
	program := build(t)
	for name, c := range map[string]struct{ env, args []string }{
		"another command": {nil, []string{"list", "x"}},
		"by environment":  {[]string{InProcess + "=1"}, []string{"run", "x"}},
		"by flag":         {nil, []string{"run", InProcessFlag}},
	} {
		if stdout, _, code := start(t, program, c.env, c.args...); code != 9 || !strings.HasPrefix(stdout, "supervised: false") {
			t.Errorf("%s: exit code %d, %q", name, code, stdout)
		}
	}
	// A marker that comes from elsewhere is not believed.
	stdout, _, code := start(t, program, []string{"CORTEXLUA_SUPERVISED=1:0"}, "run", "x")
	if code != 9 || !strings.HasPrefix(stdout, "supervised: true") {
		t.Errorf("foreign marker: exit code %d, %q", code, stdout)
	}
}

func TestWanted(t *testing.T) {
	for _, c := range []struct {
		line, inProcess string
		want            bool
	}{
		{"cortexlua run status", "", true},
		{"cortexlua run status", "0", true},
		{"cortexlua run status", "1", false},
		{"cortexlua resume 01J", "", true},
		{"cortexlua run", "", false},
		{"cortexlua list --in-process", "", false},
		{"cortexlua run --in-process status", "", false},
		{"cortexlua run status -- --in-process", "", true},
		{"cortexlua", "", false},
	} {
		if got := wanted(strings.Fields(c.line), c.inProcess); got != c.want {
			t.Errorf("%s (%q): %v", c.line, c.inProcess, got)
		}
	}
}
