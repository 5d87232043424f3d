package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/cortexlua/cortexlua/runtime"
)

// policyMachine is a machine with folders of its own, whose root is who runs the
// test.
type policyMachine struct {
	machine
	dir string
	env map[string]string
}

func newPolicyMachine(t *testing.T) *policyMachine {
	t.Helper()
	m := &policyMachine{dir: t.TempDir()}
	m.env = map[string]string{"HOME": m.dir + "/user", "CORTEX_HOME": m.dir + "/home"}
	uid := uint32(os.Getuid())
	m.machine = machine{getenv: func(k string) string { return m.env[k] }, policy: m.dir + "/etc/cortexlua/policy.lua", owner: uid, user: uid}
	m.put(t, "home/.keep", "")
	return m
}

// put writes a file that only its owner may change, whatever the umask is.
func (m *policyMachine) put(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(m.dir, name)
	for _, err := range []error{os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644), os.Chmod(path, 0o644), os.Chmod(filepath.Dir(path), 0o755)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// run is one command line on this machine: the exit code and what it wrote.
func (m *policyMachine) run(args ...string) (code int, out, errOut string) {
	var stdout, stderr bytes.Buffer
	root := newRoot(m.machine)
	root.SetArgs(args)
	root.SetOut(&stdout)
	root.SetErr(&stderr)
	if err := root.Execute(); err != nil {
		code = report(&stderr, err)
	}
	return code, stdout.String(), stderr.String()
}

const (
	looks = `local runbook = require("cortex.runbook")
return runbook.define({ name = "looks", summary = "Looks.", risk = "safe", needs_home = false,
  needs = { "host.read", "env.read:PATH" }, run = function() return host.load().one >= 0 and env.get("PATH") ~= nil end })`
	script = `return host.load().one >= 0`
)

// TestPolicyCaps: each file, each of its keys, for a runbook and for a script; the
// denial names the file and the key.
func TestPolicyCaps(t *testing.T) {
	for name, c := range map[string]struct {
		system, user, flag string // policy files; "": none
		args               []string
		file               string // what is run
		denied             string // "": it runs
	}{
		"no file":               {file: looks},
		"no file, script":       {file: script},
		"empty file":            {system: `return {}`, file: looks},
		"allowed":               {system: `return { allow = { "host.read", "env.read" } }`, file: looks},
		"nothing allowed":       {system: `return { allow = {} }`, file: looks, denied: `add "host.read" to allow in SYSTEM`},
		"other things allowed":  {system: `return { allow = { "fs.read" } }`, file: script, denied: `add "host.read" to allow in SYSTEM`},
		"a scope is missing":    {system: `return { allow = { "host.read", "env.read:HOME" } }`, file: looks, denied: `add "env.read:PATH" to allow in SYSTEM`},
		"denied":                {system: `return { deny = { "host.read" } }`, file: looks, denied: `take what covers "host.read" out of deny in SYSTEM`},
		"denied scope":          {system: `return { deny = { "env.read:PATH" } }`, file: looks, denied: `take what covers "env.read:PATH" out of deny in SYSTEM`},
		"runbook denied":        {system: `return { runbooks = { looks = { deny = { "host.read" } } } }`, file: looks, denied: `out of runbooks["looks"].deny in SYSTEM`},
		"runbook allow":         {system: `return { runbooks = { looks = { allow = { "env.read" } } } }`, file: looks, denied: `add "host.read" to runbooks["looks"].allow in SYSTEM`},
		"runbook cannot regain": {system: `return { deny = { "host.read" }, runbooks = { looks = { allow = { "host.read" } } } }`, file: looks, denied: `out of deny in SYSTEM`},
		"another runbook":       {system: `return { runbooks = { other = { allow = {} } }, scripts = { allow = {} } }`, file: looks},
		"scripts allow":         {system: `return { scripts = { allow = { "fs.read" } } }`, file: script, denied: `add "host.read" to scripts.allow in SYSTEM`},
		"scripts deny":          {system: `return { scripts = { deny = { "host.read" } } }`, file: script, denied: `out of scripts.deny in SYSTEM`},
		"--allow cannot regain": {system: `return { deny = { "host.read" } }`, args: []string{"--allow", "host.read"}, file: script, denied: `out of deny in SYSTEM`},
		"user's file":           {user: `return { deny = { "host.read" } }`, file: looks, denied: `out of deny in USER`},
		"both files":            {system: `return { allow = { "host.read", "env.read" } }`, user: `return { deny = { "env.read" } }`, file: looks, denied: `out of deny in USER`},
		"user cannot regain":    {system: `return { deny = { "host.read" } }`, user: `return { allow = { "host.read", "env.read" } }`, file: looks, denied: `out of deny in SYSTEM`},
		"--policy narrows":      {flag: `return { deny = { "host.read" } }`, file: looks, denied: `out of deny in FLAG`},
		"--policy cannot widen": {system: `return { allow = {} }`, flag: `return { allow = { "host.read" } }`, file: looks, denied: `to allow in SYSTEM`},
	} {
		t.Run(name, func(t *testing.T) {
			m := newPolicyMachine(t)
			path := m.put(t, "looks.lua", c.file)
			places := strings.NewReplacer("SYSTEM", m.policy, "USER", m.dir+"/user/.config/cortexlua/policy.lua", "FLAG", m.dir+"/flag.lua")
			args := append([]string{"run", path}, c.args...)
			if c.system != "" {
				m.put(t, "etc/cortexlua/policy.lua", c.system)
			}
			if c.user != "" {
				m.put(t, "user/.config/cortexlua/policy.lua", c.user)
			}
			if c.flag != "" {
				args = append(args, "--policy", m.put(t, "flag.lua", c.flag))
			}
			code, _, errOut := m.run(args...)
			switch {
			case c.denied == "" && code != 0:
				t.Errorf("exit code %d: %s", code, errOut)
			case c.denied != "" && (code != runtime.ExitDenied || !strings.Contains(errOut, places.Replace(c.denied))):
				t.Errorf("exit code %d, want %q in:\n%s", code, places.Replace(c.denied), errOut)
			}
		})
	}
}

// TestPolicyIsNoneOfTheUsers: no variable of the user leads around the machine's
// file.
func TestPolicyIsNoneOfTheUsers(t *testing.T) {
	m := newPolicyMachine(t)
	path := m.put(t, "x.lua", script)
	m.put(t, "etc/cortexlua/policy.lua", `return { allow = {} }`)
	m.put(t, "other/cortexlua/policy.lua", `return {}`)
	for _, name := range []string{"XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "HOME", "CORTEXLUA_POLICY"} {
		m.env[name] = m.dir + "/other"
	}
	if code, _, errOut := m.run("run", path, "--policy", m.put(t, "none.lua", `return {}`)); code != runtime.ExitDenied {
		t.Errorf("exit code %d: %s", code, errOut)
	}
	if thisMachine().policy != "/etc/cortexlua/policy.lua" || thisMachine().owner != 0 {
		t.Error("the machine's policy is elsewhere")
	}
}

func TestUserPolicyPath(t *testing.T) {
	for _, c := range []struct{ xdg, home, want string }{
		{"/x", "/h", "/x/cortexlua/policy.lua"}, {"", "/h", "/h/.config/cortexlua/policy.lua"},
		{"rel", "/h", "/h/.config/cortexlua/policy.lua"}, {"", "", ""}, {"", "rel", ""},
	} {
		m := machine{getenv: func(k string) string { return map[string]string{"XDG_CONFIG_HOME": c.xdg, "HOME": c.home}[k] }}
		if got := m.userPolicy(); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

// TestPolicyRefused: a policy that is not understood or not to be trusted stops the
// run, and says what is wrong with it.
func TestPolicyRefused(t *testing.T) {
	const ok = `return { allow = { "host.read", "env.read" } }`
	system := func(m *policyMachine, t *testing.T, text string) string {
		return m.put(t, "etc/cortexlua/policy.lua", text)
	}
	chmod := func(t *testing.T, path string, mode os.FileMode) {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		make func(*policyMachine, *testing.T)
		code int
		want string
	}{
		"unknown key":        {func(m *policyMachine, t *testing.T) { system(m, t, `return { alow = {} }`) }, 1, `unknown key "alow", did you mean "allow"?`},
		"unknown inner key":  {func(m *policyMachine, t *testing.T) { system(m, t, `return { runbooks = { up = { dney = {} } } }`) }, 1, `unknown key "dney" in runbooks.up, did you mean "deny"?`},
		"unknown permission": {func(m *policyMachine, t *testing.T) { system(m, t, `return { deny = { "fs.wirte" } }`) }, 1, `deny: unknown permission "fs.wirte", did you mean "fs.write"?`},
		"in a runbook": {func(m *policyMachine, t *testing.T) {
			system(m, t, `return { runbooks = { up = { allow = { "x" } } } }`)
		}, 1, `runbooks["up"].allow: unknown permission "x"`},
		"no table":        {func(m *policyMachine, t *testing.T) { system(m, t, `allow = {}`) }, 1, "must return a table"},
		"acts":            {func(m *policyMachine, t *testing.T) { system(m, t, `fs.read("x"); return {}`) }, 1, "policy.lua:1"},
		"group may write": {func(m *policyMachine, t *testing.T) { chmod(t, system(m, t, ok), 0o664) }, 3, "others may write to it (mode 0664)"},
		"all may write":   {func(m *policyMachine, t *testing.T) { chmod(t, system(m, t, ok), 0o646) }, 3, "others may write to it (mode 0646)"},
		"folder":          {func(m *policyMachine, t *testing.T) { chmod(t, filepath.Dir(system(m, t, ok)), 0o777) }, 3, "etc/cortexlua: others may write to it"},
		"another owner":   {func(m *policyMachine, t *testing.T) { system(m, t, ok); m.owner += 4711 }, 3, "it belongs to "},
		"user's, all write": {func(m *policyMachine, t *testing.T) {
			chmod(t, m.put(t, "user/.config/cortexlua/policy.lua", ok), 0o646)
		}, 3, "others may write"},
		"folder of a link": {func(m *policyMachine, t *testing.T) {
			real := m.put(t, "open/p.lua", ok)
			chmod(t, filepath.Dir(real), 0o777)
			m.link(t, real)
		}, 3, "open: others may write to it"},
		"dangling link": {func(m *policyMachine, t *testing.T) { m.link(t, m.dir+"/none") }, 3, "a link that leads nowhere"},
		"a folder":      {func(m *policyMachine, t *testing.T) { m.put(t, "etc/cortexlua/policy.lua/x", "") }, 1, "not a regular file"},
		"a FIFO": {func(m *policyMachine, t *testing.T) {
			m.put(t, "etc/cortexlua/x", "")
			if err := syscall.Mkfifo(m.policy, 0o644); err != nil {
				t.Fatal(err)
			}
		}, 1, "not a regular file"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newPolicyMachine(t)
			c.make(m, t)
			for _, command := range []string{"run", "inspect"} {
				code, _, errOut := m.run(command, m.put(t, "looks.lua", looks))
				if code != c.code || !strings.Contains(errOut, c.want) {
					t.Errorf("%s: exit code %d, want %d and %q in:\n%s", command, code, c.code, c.want, errOut)
				}
			}
		})
	}
	m := newPolicyMachine(t)
	m.link(t, m.put(t, "etc/real/p.lua", ok))
	if code, _, errOut := m.run("run", m.put(t, "looks.lua", looks)); code != 0 {
		t.Errorf("a link within trusted folders: exit code %d: %s", code, errOut)
	}
	if code, _, errOut := m.run("run", m.put(t, "looks.lua", looks), "--policy", m.dir+"/none.lua"); code == 0 || !strings.Contains(errOut, "cannot read the policy") {
		t.Errorf("--policy with no file: exit code %d: %s", code, errOut)
	}
}

// link puts a link in the place of the machine's policy.
func (m *policyMachine) link(t *testing.T, to string) {
	t.Helper()
	m.put(t, "etc/cortexlua/x", "")
	if err := os.Symlink(to, m.policy); err != nil {
		t.Fatal(err)
	}
}

// TestInspectShowsThePolicy: what is left of a permission, and by whom.
func TestInspectShowsThePolicy(t *testing.T) {
	m := newPolicyMachine(t)
	m.put(t, "etc/cortexlua/policy.lua", `return { deny = { "env.read" }, allow = { "host.read", "env.read:HOME" } }`)
	code, out, errOut := m.run("inspect", m.put(t, "looks.lua", looks))
	for _, want := range []string{
		"looks: Looks.", "Risk:  safe", "Time:  10m, and 5m to go back", "look at this machine's load", "read the environment variable PATH",
		"refused", `add "env.read:PATH" to allow in ` + m.policy, "cortex.runbook", "host.load", "env.get",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in:\n%s", want, out)
		}
	}
	if code != 0 || errOut != "" {
		t.Errorf("exit code %d: %s", code, errOut)
	}
}
