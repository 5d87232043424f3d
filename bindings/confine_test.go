package bindings

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/cortexlua/cortexlua/bindings/internal/confine"
	"github.com/cortexlua/cortexlua/runtime"
)

func needsLandlock(t *testing.T) {
	t.Helper()
	if abi, err := confine.ABI(); err != nil || abi < 6 {
		t.Skipf("the kernel offers Landlock ABI %d (%v), this test needs 6", abi, err)
	}
}

// confinedHost has the roots in and work beside the home, with a file each.
func confinedHost(t *testing.T, daemons string) (h *Host, home, in, work string) {
	t.Helper()
	top, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	in, work = filepath.Join(top, "in"), filepath.Join(top, "work")
	put(t, filepath.Join(in, "file"), "in\n")
	put(t, filepath.Join(work, "file"), "work\n")
	h, home = newHost(t, "", fmt.Sprintf("return { roots = { ['in'] = %q, work = %q }, daemons = { %s } }", in, work, daemons))
	put(t, filepath.Join(home, "secret"), "secret\n")
	return h, home, in, work
}

var confinedNeeds = []runtime.Permission{runtime.FSRead.In("in"), runtime.FSWrite.In("work"), runtime.ProcessSpawn}

// A program may do what the run may do, and no more; without confine it may all.
func TestRunConfinesToThePermissionsOfTheRun(t *testing.T) {
	needsLandlock(t)
	h, home, in, work := confinedHost(t, "")
	script := func(options string) string {
		return fmt.Sprintf(`
			local function run(line)
				return process.run({ "sh", "-c", line }, { %s }).code == 0
			end
			return { read = run("cat %s/file"), change = run("echo x >> %s/file"), write = run("echo x >> %s/file"),
				look = run("cat %s/file"), secret = run("cat %s/secret"), spoil = run("sh -c 'echo x >> %s/secret'"),
				etc = run("cat /etc/hosts"), processes = run("ls /proc/1"), tmp = run("touch /tmp/confine-test && rm /tmp/confine-test") }`,
			options, in, in, work, work, home, home)
	}
	check := func(name, options string, want map[string]bool) {
		t.Helper()
		got := value(t, run(t, h, script(options), confinedNeeds...)).(map[string]any)
		for what, ok := range want {
			if got[what] != ok {
				t.Errorf("%s: %s: %v, want %v", name, what, got[what], ok)
			}
		}
	}
	held := map[string]bool{"read": true, "change": false, "write": true, "look": false, "secret": false, "spoil": false, "etc": true, "processes": false, "tmp": false}
	check("confined", "confine = true", held)
	check("free", "", map[string]bool{"read": true, "change": true, "write": true, "look": true, "secret": true, "spoil": true, "tmp": true})
	h.cfg.Confine = true
	check("by the operator", "confine = false", held)
}

// What cannot be held to a scope is granted only without one.
func TestConfinementFollowsPermissions(t *testing.T) {
	needsLandlock(t)
	h, _, in, _ := confinedHost(t, "")
	cases := []struct {
		name string
		has  []runtime.Permission
		deny []runtime.Permission
		want func(*confine.Policy) bool
	}{
		{"nothing", nil, nil, func(p *confine.Policy) bool {
			return len(p.Read)+len(p.Write)+len(p.Exec) == 0 && !p.Network.Open && !p.Sockets && !p.Signals && !p.Processes
		}},
		{"everything", runtime.Everything(), nil, func(p *confine.Policy) bool {
			return len(p.Read) > 5 && len(p.Write) == len(p.Read) && len(p.Exec) == len(p.Read) && p.Network.Open && p.Sockets && p.Signals && p.Processes
		}},
		{"one host", []runtime.Permission{runtime.NetDial.In("127.0.0.1")}, nil, func(p *confine.Policy) bool { return !p.Network.Open && !p.Sockets }},
		{"unix sockets", []runtime.Permission{runtime.NetDial.In("unix")}, nil, func(p *confine.Policy) bool { return !p.Network.Open && p.Sockets }},
		{"all hosts but one", []runtime.Permission{runtime.NetDial}, []runtime.Permission{runtime.NetDial.In("10.0.0.1")},
			func(p *confine.Policy) bool { return !p.Network.Open }},
		{"one program", []runtime.Permission{runtime.FSRead.In("in"), runtime.ProcessSpawn.In("git")}, nil,
			func(p *confine.Policy) bool { return len(p.Read) == 1 && p.Read[0] == in && len(p.Exec) == 0 }},
	}
	for _, c := range cases {
		grant := runtime.Grant{Layers: []runtime.Layer{{Allow: c.has, Deny: c.deny}}}
		policy, err := h.policy(grant.Grants, "tool")
		if err != nil || !c.want(policy) {
			t.Errorf("%s: %+v %v", c.name, policy, err)
		}
	}
}

// The kernel cannot take a root out of the one around it: that is refused, in a
// plan too.
func TestARootAroundADeniedOneIsRefused(t *testing.T) {
	needsLandlock(t)
	h, _, _, _ := confinedHost(t, "")
	script := `process.run({ "true" }, { confine = true })`
	for _, kind := range []runtime.Permission{runtime.FSRead, runtime.FSWrite} {
		for _, how := range []func(*testing.T, *Host, string, ...runtime.Permission) runtime.Result{run, plan} {
			err := fails(t, how(t, h, script, kind.In("home"), runtime.ProcessSpawn), runtime.Denied)
			if !strings.Contains(err.Error(), string(kind.In("logs"))) || err.Hint == "" {
				t.Errorf("%s: %v (%s)", kind, err, err.Hint)
			}
		}
	}
	value(t, run(t, h, script, runtime.FSRead, runtime.FSWrite, runtime.ProcessSpawn))
}

// A kernel that cannot do it is a clear refusal, in a plan too, and nothing runs.
func TestConfineRefusesOldKernels(t *testing.T) {
	for name, c := range map[string]struct {
		abi  int
		err  error
		want string
	}{
		"old":  {4, nil, "Landlock ABI 4"},
		"none": {0, unix.ENOSYS, "no Landlock"},
	} {
		t.Run(name, func(t *testing.T) {
			h, home, _, _ := confinedHost(t, "")
			h.cfg.Landlock = func() (int, error) { return c.abi, c.err }
			made := filepath.Join(home, "made")
			for _, script := range []string{
				fmt.Sprintf(`process.run({ "touch", %q }, { confine = true })`, made),
				fmt.Sprintf(`process.spawn("x", { "touch", %q }, { confine = true })`, made),
			} {
				for _, how := range []func(*testing.T, *Host, string, ...runtime.Permission) runtime.Result{run, plan} {
					err := fails(t, how(t, h, script, runtime.ProcessSpawn), runtime.Failed)
					if !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Hint, "not started") {
						t.Errorf("%s: %v (%s)", script, err, err.Hint)
					}
				}
			}
			if _, err := os.Stat(made); err == nil {
				t.Error("it was started")
			}
		})
	}
}

// What the registry allows a daemon is the operator's word: it holds whatever the
// script says, and only for the command that is declared.
func TestTheRegistryConfinesDaemons(t *testing.T) {
	needsLandlock(t)
	h, _, in, work := confinedHost(t, "")
	command := fmt.Sprintf(`{ "sh", "-c", "cat %s/file && echo seen > %s/seen; cat %s/file && echo look > %s/look; echo end > %s/end" }`, in, work, work, work, work)
	other := strings.Replace(command, "echo end", "true; echo end", 1)
	text := fmt.Sprintf(`return { roots = { ['in'] = %q, work = %q }, daemons = { { name = "d", command = %s, confine = true, allow = { "fs.read:in", "fs.write:work" } } } }`, in, work, command)
	h.cfg.Registry = func() (runtime.Source, error) { return runtime.Source{Path: "registry.lua", Text: []byte(text)}, nil }

	spawn := func(command string) {
		t.Helper()
		value(t, run(t, h, fmt.Sprintf(`local p = process.spawn("d", %s, { confine = false }) process.wait(p)`, command), runtime.ProcessSpawn, runtime.ProcessRead))
	}
	spawn(command)
	if got := present(work); got != "end seen" {
		t.Errorf("the daemon made %q, want it to read in, write work and not read work", got)
	}
	for _, name := range []string{"end", "seen"} {
		must(t, os.Remove(filepath.Join(work, name)))
	}
	spawn(other)
	if got := present(work); got != "" {
		t.Errorf("another command under its name made %q", got)
	}
}

func present(dir string) string {
	var names []string
	for _, name := range []string{"end", "look", "seen"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}

func TestTheRegistryChecksWhatItAllows(t *testing.T) {
	for daemon, want := range map[string]string{
		`{ name = "d", command = { "x" }, confine = true, allow = { "fs.raed" } }`: `unknown permission "fs.raed"`,
		`{ name = "d", command = { "x" }, allow = { "fs.read" } }`:                 "add confine = true",
	} {
		h, _, _, _ := confinedHost(t, daemon)
		err := fails(t, run(t, h, `registry.daemons()`, runtime.ProcessRead), runtime.Invalid)
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", daemon, err)
		}
	}
}

// The operator's confinement also holds what a probe runs.
func TestProbesAreConfined(t *testing.T) {
	needsLandlock(t)
	h, home, _, _ := confinedHost(t, "")
	script := fmt.Sprintf(`return probe.check({ command = { "cat", "%s/secret" } }).ok`, home)
	needs := []runtime.Permission{runtime.ProcessRead, runtime.ProcessSpawn}
	opts := runtime.Options{}
	if got := value(t, runWith(t, h, opts, script, needs...)); got != true {
		t.Errorf("free: %v", got)
	}
	h.cfg.Confine = true
	if got := value(t, runWith(t, h, opts, script, needs...)); got != false {
		t.Errorf("confined: %v", got)
	}
}
