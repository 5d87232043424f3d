package confine_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cortexlua/cortexlua/bindings/internal/confine"
	"github.com/cortexlua/cortexlua/bindings/internal/proc"
)

// The same things are tried without a policy first, so that a refusal is the
// policy's and nobody else's.
func TestFilesOutsideThePolicyAreRefused(t *testing.T) {
	skipBelow(t, 3)
	at := newPlace(t)
	var refused, allowed []expect
	for _, thing := range []string{
		"read " + at.out + "/file", "list " + at.out, "append " + at.in + "/file", "append " + at.out + "/file",
		"create " + at.in + "/new", "create " + at.out + "/new", "mkdir " + at.out + "/new-dir", "truncate " + at.out + "/file",
		"list /", "list /tmp", "list /etc", "list /proc/self",
	} {
		refused, allowed = append(refused, expect{thing, "EACCES"}), append(allowed, expect{thing, "ok"})
	}
	hold(t, loose(at.policy()), refused...)
	hold(t, nil, allowed...)
	hold(t, loose(at.policy()),
		expect{"read " + at.in + "/file", "ok"}, expect{"list " + at.in, "ok"},
		expect{"append " + at.work + "/file", "ok"}, expect{"truncate " + at.work + "/file", "ok"},
		expect{"create " + at.work + "/made", "ok"}, expect{"mkdir " + at.work + "/dir", "ok"},
		expect{"rename " + at.work + "/made " + at.work + "/dir/moved", "ok"}, expect{"remove " + at.work + "/dir/moved", "ok"},
		expect{"append /dev/null", "ok"}, expect{"read /etc/passwd", "ok"},
		expect{"stat " + at.out + "/file", "ok"}, expect{"chdir " + at.out, "ok"}, // not held: see the package comment
	)
}

func TestRefusalsReachGrandchildren(t *testing.T) {
	skipBelow(t, 3)
	at := newPlace(t)
	hold(t, loose(at.policy()),
		expect{"nested nested_read_" + at.in + "/file", "ok"},
		expect{"nested nested_read_" + at.out + "/file", "EACCES"},
		expect{"nested nested_create_" + at.out + "/new", "EACCES"},
		expect{"nested nested_caps", "ok"},
	)
}

// Relative names, links and moves do not lead around: what counts is where a file
// is.
func TestNamesDoNotLeadAround(t *testing.T) {
	skipBelow(t, 3)
	at := newPlace(t)
	must(t, os.Symlink(at.out, filepath.Join(at.work, "old-link")))
	before := content(t, at.out+"/file")
	hold(t, loose(at.policy()),
		expect{"read " + at.in + "/../out/file", "EACCES"},
		expect{"read " + at.work + "/old-link/file", "EACCES"},
		expect{"symlink " + at.out + "/file " + at.work + "/link", "ok"},
		expect{"read " + at.work + "/link", "EACCES"},
		expect{"append " + at.work + "/link", "EACCES"},
		expect{"link " + at.out + "/file " + at.work + "/hard", "EXDEV"},
		expect{"link " + at.in + "/file " + at.work + "/hard", "EXDEV"}, // would become writable
		expect{"rename " + at.out + "/file " + at.work + "/stolen", "EACCES"},
		expect{"rename " + at.out + " " + at.work + "/stolen-dir", "EACCES"},
		expect{"rename " + at.work + "/file " + at.out + "/file", "EACCES"},
		expect{"rename " + at.work + " " + at.out + "/work", "EACCES"},
		expect{"remove " + at.out + "/file", "EACCES"},
		expect{"read /proc/self/root" + at.out + "/file", "EACCES"},
		expect{"chdir " + at.out, "ok"},
		expect{"read file", "EACCES"},
		expect{"create new", "EACCES"},
		expect{"chdir " + at.work + "/sub", "ok"},
		expect{"read ../../out/file", "EACCES"},
		expect{"create here", "ok"},
	)
	if after := content(t, at.out+"/file"); after != before {
		t.Errorf("the file outside is %q now", after)
	}
}

func content(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	return string(data)
}

// The secrets of the machine stay closed even to root.
func TestSecretsOfTheSystemStayClosed(t *testing.T) {
	skipBelow(t, 3)
	at := newPlace(t)
	policy := loose(at.policy())
	policy.Processes = true
	parent := "/proc/" + pidText() + "/"
	list := []expect{
		{"read /etc/shadow", "EACCES"}, {"list /root", "EACCES"}, {"read " + parent + "environ", "EACCES"},
		{"read " + parent + "status", "ok"}, {"read /proc/self/environ", "ok"},
		{"create /usr/new", "EACCES"}, {"create /etc/new", "EACCES"}, {"append /proc/self/comm", "EACCES"},
	}
	hold(t, policy, list...)
}

func pidText() string {
	name, _ := os.Readlink("/proc/self")
	return name
}

// As root, which needs none of these to be granted otherwise.
func TestRootsWaysAroundAreClosed(t *testing.T) {
	skipBelow(t, 3)
	if os.Getuid() != 0 {
		t.Skip("only root has these ways")
	}
	at := newPlace(t)
	policy := loose(at.policy())
	policy.Processes = true
	if attempt(t, nil, "caps")[0] == "ok" {
		t.Log("this root has none of the capabilities anyway")
	}
	hold(t, policy, expect{"caps", "ok"}, expect{"mknod " + at.work + "/null", "EACCES"}, expect{"mount " + at.work, "EPERM"})
	for _, path := range []string{"/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern"} {
		if _, err := os.Stat(path); err == nil {
			hold(t, policy, expect{"append " + path, "EACCES"})
		}
	}
}

func TestExecIsHeldToWhatIsNamed(t *testing.T) {
	skipBelow(t, 3)
	at := newPlace(t)
	for _, dir := range []string{at.in, at.out} {
		must(t, os.WriteFile(dir+"/tool", []byte("#!/bin/sh\nexit 0\n"), 0o755))
	}
	policy := loose(at.policy())
	hold(t, policy, expect{"exec " + at.in + "/tool", "EACCES"}, expect{"exec " + at.out + "/tool", "EACCES"}, expect{"exec /bin/true", "ok"})
	policy.Exec = []string{at.in}
	hold(t, policy, expect{"exec " + at.in + "/tool", "ok"}, expect{"exec " + at.out + "/tool", "EACCES"})
}

// A program outside the policy may be what is started: its own file is allowed,
// and the interpreter of a script. What is beside it is not.
func TestTheProgramItselfIsAllowed(t *testing.T) {
	skipBelow(t, 3)
	at := newPlace(t)
	script := at.out + "/tool"
	must(t, os.WriteFile(script, []byte("#!/bin/sh\ncat "+at.out+"/file\n"), 0o755))
	res, err := proc.Run(t.Context(), proc.RunSpec{
		Argv: []string{script}, Env: []string{"PATH=/usr/bin:/bin"}, Dir: at.out, Confine: loose(confine.Policy{}),
	})
	must(t, err)
	if res.Code == 0 || !strings.Contains(string(res.Stderr), "Permission denied") {
		t.Errorf("the script ended with code %d: %s%s", res.Code, res.Stdout, res.Stderr)
	}
}

func TestPathsThatDoNotExistGrantNothing(t *testing.T) {
	skipBelow(t, 3)
	at := newPlace(t)
	policy := loose(at.policy())
	policy.Write = append(policy.Write, at.out+"/later")
	hold(t, policy, expect{"mkdir " + at.out + "/later", "EACCES"}, expect{"create " + at.work + "/new", "ok"})
	policy.Read = []string{"relative"}
	if _, err := policy.Prepare(); err == nil || !strings.Contains(err.Error(), "absolute") {
		t.Errorf("a relative path: %v", err)
	}
}

func TestOneFileIsNoFolder(t *testing.T) {
	skipBelow(t, 3)
	at := newPlace(t)
	hold(t, loose(confine.Policy{Read: []string{at.out + "/file"}, Write: []string{at.in + "/file"}}),
		expect{"read " + at.out + "/file", "ok"}, expect{"list " + at.out, "EACCES"},
		expect{"append " + at.in + "/file", "ok"}, expect{"read " + at.in + "/file", "EACCES"}, expect{"remove " + at.in + "/file", "EACCES"})
}
