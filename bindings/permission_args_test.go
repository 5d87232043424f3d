package bindings

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cortexlua/cortexlua/runtime"
)

// byArguments are calls whose arguments decide what they need: all of it, and
// nothing else. The last one of each list is taken away.
var byArguments = []struct {
	line  string
	needs []runtime.Permission
}{
	{`process.run({ "touch", "made" })`, []runtime.Permission{"process.spawn:touch"}},
	{`process.run({ "./quick.sh" })`, []runtime.Permission{"process.spawn:./quick.sh"}},
	{`process.run({ "dir/../quick.sh" })`, []runtime.Permission{"process.spawn:./quick.sh"}},
	{`process.run({ run.home .. "/dir/quick.sh" })`, []runtime.Permission{"process.spawn:dir/quick.sh"}},
	{`process.run({ "/bin/true" })`, []runtime.Permission{"process.spawn:/bin/true"}},
	{`process.run({ "./quick.sh" }, { cwd = "dir" })`, []runtime.Permission{"fs.read:home", "process.spawn:dir/quick.sh"}},
	{`process.run({ "true" }, { cwd = "agents/logs" })`, []runtime.Permission{"process.spawn:true", "fs.read:logs"}},
	{`process.run({ "true" }, { env = { PATH = "/nowhere" } })`, []runtime.Permission{"process.spawn"}},
	{`process.run({ "true" }, { env = { LD_PRELOAD = "/nowhere" } })`, []runtime.Permission{"process.spawn"}},
	{`process.spawn("other", { "./worker.sh" })`, []runtime.Permission{"process.spawn:./worker.sh"}},
	{`process.spawn("other", { "./worker.sh" }, { log = "agents/logs/x.log", stdout = "log" })`, []runtime.Permission{"process.spawn:./worker.sh", "fs.write:logs"}},
	{`process.spawn("other", { "./worker.sh" }, { cwd = "backups" })`, []runtime.Permission{"process.spawn", "fs.read:backups"}},
	{`process.spawn("worker", { "./worker.sh" }, { log = run.home .. "/agents/logs/worker.log", stdout = "log" })`, []runtime.Permission{"process.spawn:./worker.sh"}},
	{`process.signal(given.process(), "USR1")`, []runtime.Permission{"process.signal:worker"}},
	{`process.stop(given.process())`, []runtime.Permission{"process.signal:worker"}},
	{`process.clean_up("worker")`, []runtime.Permission{"process.signal:worker"}},
	{`probe.check({ tcp = "127.0.0.1:1" })`, []runtime.Permission{"process.read", "net.dial:127.0.0.1"}},
	{`probe.check({ tcp = "[::ffff:127.0.0.1]:1" })`, []runtime.Permission{"process.read", "net.dial:127.0.0.1"}},
	{`probe.check({ http = "http://LocalHost.:1/" })`, []runtime.Permission{"process.read", "net.dial:localhost"}},
	{`probe.check({ unix = "run/none.sock" })`, []runtime.Permission{"process.read", "fs.read:run", "net.dial:unix"}},
	{`probe.check({ command = { "true" } })`, []runtime.Permission{"process.read", "process.spawn:true"}},
	{`probe.check({ file = "data.json" })`, []runtime.Permission{"process.read", "fs.read:home"}},
	{`probe.check({ log = "x" }, { log = "agents/logs/worker.log" })`, []runtime.Permission{"process.read", "fs.read:logs"}},
	{`probe.mark("agents/logs/worker.log")`, []runtime.Permission{"process.read", "fs.read:logs"}},
	{`env.get("PATH")`, []runtime.Permission{"env.read:PATH"}},
	{`json.query_file("agents/logs/worker.json", ".")`, []runtime.Permission{"fs.read:logs"}},
	{`lock.holder("x")`, []runtime.Permission{"fs.read:state"}},
	{`lock.acquire("x")`, []runtime.Permission{"fs.write:state"}},
	{`fs.temp_dir()`, []runtime.Permission{"fs.write:state"}},
	{`fs.read("agents/logs/worker.log")`, []runtime.Permission{"fs.read:logs"}},
	{`fs.read("agents/logs/../../notes.txt")`, []runtime.Permission{"fs.read:home"}},
	{`fs.read("way/worker.log")`, []runtime.Permission{"fs.read:home", "fs.read:logs"}}, // a link to the logs
	{`fs.write("way/worker.log", "x")`, []runtime.Permission{"fs.write:home", "fs.write:logs"}},
	{`fs.write("way/made.log", "x")`, []runtime.Permission{"fs.write:home", "fs.write:logs"}},
	{`fs.write(".cortexlua/registry.lua", "x")`, []runtime.Permission{"fs.write:config"}},
	{`fs.copy("notes.txt", "backups/x")`, []runtime.Permission{"fs.read:home", "fs.write:backups"}},
	{`fs.rename("notes.txt", "run/x")`, []runtime.Permission{"fs.write:home", "fs.write:run"}},
	{`fs.walk("other")`, []runtime.Permission{"fs.read:home", "fs.read:elsewhere"}},
	{`fs.usage("other")`, []runtime.Permission{"fs.read:home", "fs.read:elsewhere"}},
	{`fs.copy("other", "copy")`, []runtime.Permission{"fs.read:home", "fs.write:home", "fs.read:elsewhere"}},
	{`fs.glob("agents/logs/*")`, []runtime.Permission{"fs.read:logs"}},
	{`archive.create("backups/n.tar.gz", { sources = { { name = "l", dir = "agents/logs" } } })`, []runtime.Permission{"fs.write:backups", "fs.read:logs"}},
	{`archive.restore("backups/a.tar.gz", { to = "other/place" })`, []runtime.Permission{"fs.read:backups", "fs.write:elsewhere"}},
	{`archive.compare("backups/a.tar.gz", { to = "other/place" })`, []runtime.Permission{"fs.read:backups", "fs.read:elsewhere"}},
	{`git.fetch("origin")`, []runtime.Permission{"git.fetch:origin"}},
	{`git.head({ dir = "backups" })`, []runtime.Permission{"git.read", "fs.read:backups"}},
	{`git.fast_forward("HEAD", { dir = "backups" })`, []runtime.Permission{"git.write", "fs.write:backups"}},
	{`git.fast_forward("HEAD", { hooks = true })`, []runtime.Permission{"git.write", "process.spawn"}},
	{`git.rehearse("HEAD")`, []runtime.Permission{"git.write", "process.spawn"}},
}

// TestScopesOfArguments: a call is refused by the scope that its arguments name,
// before anything happens, and needs nothing beside.
func TestScopesOfArguments(t *testing.T) {
	for _, c := range byArguments {
		t.Run(c.line, func(t *testing.T) {
			s := newScene(t, strings.HasPrefix(c.line, "git."))
			put(t, s.home+"/agents/logs/worker.json", "{}")
			for _, script := range []string{"/quick.sh", "/dir/quick.sh"} {
				put(t, s.home+script, "#!/bin/sh\n")
				must(t, os.Chmod(s.home+script, 0o755))
			}
			must(t, os.Symlink("agents/logs", s.home+"/way"))
			before := s.snapshot(t)
			last := c.needs[len(c.needs)-1]
			for _, o := range []runtime.Layer{
				{Allow: runtime.Everything(), Deny: []runtime.Permission{last}},
				{Allow: append(without(last.Kind()), append(c.needs[:len(c.needs)-1:len(c.needs)-1], last.Kind().In("another"))...)},
			} {
				o.Name, o.Remedy = "the operator", "ask for %s"
				s.mustDeny(t, "the operator: by its arguments", s.attempt(t, c.line, nil, false, runtime.Order{Operator: o}), opOf(c.line), last)
			}
			if diff := changed(before, s.snapshot(t)); len(diff) > 0 {
				t.Errorf("it was refused, and yet something happened:\n%s", strings.Join(diff, "\n"))
			}
			err := s.attempt(t, c.line, nil, false, runtime.Order{Operator: runtime.Layer{Name: "the operator", Allow: c.needs}})
			if err != nil && err.Kind == runtime.Denied {
				t.Errorf("it needs more than %v: %v", c.needs, err)
			}
		})
	}
}

func opOf(line string) string {
	op, _, _ := strings.Cut(line, "(")
	return op
}

// TestOutsideOfEveryRoot: what lies in no root is refused whatever is allowed.
func TestOutsideOfEveryRoot(t *testing.T) {
	s := newScene(t, false)
	out := t.TempDir()
	must(t, os.Symlink(out, s.home+"/out"))
	before := s.snapshot(t)
	for _, line := range []string{
		`process.run({ "true" }, { cwd = "/" })`,
		`process.run({ "true" }, { cwd = "out" })`,
		`process.spawn("other", { "./worker.sh" }, { cwd = "/" })`,
		`process.spawn("other", { "./worker.sh" }, { log = "/tmp/x.log", stdout = "log" })`,
		`process.spawn("other", { "./worker.sh" }, { log = "out/x.log", stdout = "log" })`,
		`pidfile.read(run.home .. "/notes.txt")`,
		`pidfile.remove(run.home .. "/notes.txt", 4711)`,
		`pidfile.clear("/etc/hostname")`,
		`fs.read("/etc/hostname")`,
		`fs.write("out/x", "x")`,
		`json.query_file("/etc/hostname", ".")`,
		`archive.create("out/x.tar.gz", { sources = { { name = "dir", dir = "dir" } } })`,
		`archive.create("backups/x.tar.gz", { sources = { { name = "etc", dir = "/etc" } } })`,
		`archive.restore("backups/a.tar.gz", { to = "/tmp" })`,
		`probe.check({ file = "/etc/hostname" })`,
		`probe.check({ unix = "/var/run/none.sock" })`,
		`probe.check({ log = "x" }, { log = "/etc/hostname" })`,
		`probe.mark("/etc/hostname")`,
		`git.head({ dir = "/" })`,
	} {
		err := s.attempt(t, line, nil, false, runtime.Order{})
		if err == nil || err.Kind != runtime.Denied {
			t.Errorf("%s: %v", line, err)
		}
	}
	for _, line := range []string{`process.spawn("../x", { "./worker.sh" })`, `lock.acquire("../x")`, `lock.holder("a/b")`, `fs.temp_dir({ prefix = "../x" })`} {
		if err := s.attempt(t, line, nil, false, runtime.Order{}); err == nil || err.Kind != runtime.Invalid {
			t.Errorf("%s: %v", line, err)
		}
	}
	if diff := changed(before, s.snapshot(t)); len(diff) > 0 {
		t.Errorf("something happened:\n%s", strings.Join(diff, "\n"))
	}
}

// TestSocketBehindALink: a socket file is reached within its root only.
func TestSocketBehindALink(t *testing.T) {
	s := newScene(t, false)
	outside := filepath.Join(t.TempDir(), "out.sock")
	for _, path := range []string{outside, s.home + "/run/in.sock"} {
		l, err := net.Listen("unix", path)
		must(t, err)
		t.Cleanup(func() { _ = l.Close() })
	}
	must(t, os.Symlink(outside, s.home+"/run/link.sock"))
	got := value(t, run(t, s.h, `return { probe.check({ unix = "run/in.sock" }), probe.check({ unix = "run/link.sock" }) }`,
		runtime.ProcessRead, runtime.FSRead, runtime.NetDial)).([]any)
	in, link := got[0].(map[string]any), got[1].(map[string]any)
	if in["ok"] != true {
		t.Errorf("a socket of the root is not reached: %v", in)
	}
	if why, _ := link["why"].(string); link["ok"] != false || !strings.Contains(why, "link") {
		t.Errorf("a link that leads out: %v", link)
	}
}
