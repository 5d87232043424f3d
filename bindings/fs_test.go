package bindings

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cortexlua/cortexlua/runtime"
)

const fsAll = runtime.FSWrite

// newTree is a home with a few files.
func newTree(t *testing.T) (*Host, string) {
	t.Helper()
	h, home := newHost(t, "", emptyRegistry)
	put(t, home+"/a.txt", "one\ntwo\nthree\n")
	put(t, home+"/dir/b.txt", "b")
	put(t, home+"/dir/deep/c.sh", "c")
	put(t, home+"/agents/logs/worker.log", "line\n")
	must(t, os.Chmod(home+"/dir/deep/c.sh", 0o755))
	must(t, os.Symlink("a.txt", home+"/link"))
	must(t, os.Symlink("/etc/hostname", home+"/out"))
	return h, home
}

func TestFsLook(t *testing.T) {
	h, home := newTree(t)
	for script, want := range map[string]any{
		`return fs.exists("a.txt")`:                               true,
		`return fs.exists("nothing")`:                             false,
		`return fs.exists("out")`:                                 true,
		`return fs.exists("backups/x.tar.gz")`:                    false,
		`return fs.stat("nothing")`:                               nil,
		`return fs.stat("link").type`:                             "file",
		`return fs.stat("a.txt").size`:                            14.0,
		`return fs.stat("dir/deep/c.sh").mode`:                    "0755",
		`return fs.lstat("link").type`:                            "link",
		`return fs.lstat("link").target`:                          "a.txt",
		`return fs.read("a.txt")`:                                 "one\ntwo\nthree\n",
		fmt.Sprintf(`return fs.read(%q)`, home+"/a.txt"):          "one\ntwo\nthree\n",
		`return table.concat(fs.tail("a.txt", 2).lines, ",")`:     "two,three",
		`return fs.list("dir")[1].name .. fs.list("dir")[2].name`: "b.txtdeep",
		`return #fs.glob("dir/**/*.sh")`:                          1.0,
		`return fs.glob("*.txt")[1]`:                              home + "/a.txt",
		`return #fs.glob("nothing/*.txt")`:                        0.0,
		`return #fs.walk("dir")`:                                  4.0,
		`return #fs.walk("dir", { exclude = { "deep" } })`:        2.0,
		`return fs.usage("dir").bytes`:                            2.0,
		`return fs.usage("dir").files`:                            2.0,
		`return fs.checksum("dir/b.txt")`:                         "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d",
		`local d = fs.disk_free("backups") return d.free > 0 and d.total > d.free and d.percent_used > 0 and d.percent_used <= 100`:  true,
		`return fs.tree_hash("dir") == fs.tree_hash("dir") and fs.tree_hash("dir") ~= fs.tree_hash("dir", { exclude = { "deep" } })`: true,
	} {
		if got := value(t, run(t, h, script, runtime.FSRead)); !reflect.DeepEqual(got, want) {
			t.Errorf("%s gives %v, want %v", script, got, want)
		}
	}
}

func TestFsLookFailures(t *testing.T) {
	h, home := newTree(t)
	must(t, syscall.Mkfifo(home+"/fifo", 0o600))
	for script, kind := range map[string]runtime.Kind{
		`fs.read("nothing")`:                      runtime.NotFound,
		`fs.read("dir")`:                          runtime.Invalid,
		`fs.read("fifo")`:                         runtime.Invalid,
		`fs.read("a.txt", { limit = "3B" })`:      runtime.Invalid,
		`fs.read("out")`:                          runtime.Denied,
		`fs.read("/etc/hostname")`:                runtime.Denied,
		`fs.read("../x")`:                         runtime.Denied,
		`fs.read("")`:                             runtime.Invalid,
		`fs.list("nothing")`:                      runtime.NotFound,
		`fs.walk("dir", { max_entries = 2 })`:     runtime.Invalid,
		`fs.walk("dir", { exclude = { "[" } })`:   runtime.Invalid,
		`fs.wait("../x", { timeout = "1ms" })`:    runtime.Denied,
		`fs.usage("nothing")`:                     runtime.NotFound,
		`fs.tail("a.txt", 0)`:                     runtime.Invalid,
		`fs.wait("a.txt", { event = "changed" })`: runtime.Invalid,
	} {
		e := fails(t, run(t, h, script, runtime.FSRead), kind)
		if e.Op == "" || e.Message == "" {
			t.Errorf("%s: the error says nothing: %+v", script, e)
		}
	}
}

// Every function of the module refuses without its permission.
func TestFsDenied(t *testing.T) {
	h, home := newTree(t)
	before := value(t, run(t, h, `return fs.tree_hash(".")`, runtime.FSRead))
	for _, script := range []string{
		`fs.exists("a.txt")`, `fs.stat("a.txt")`, `fs.lstat("a.txt")`, `fs.read("a.txt")`, `fs.tail("a.txt", 1)`, `fs.list(".")`,
		`fs.glob("*")`, `fs.walk(".")`, `fs.checksum("a.txt")`, `fs.tree_hash(".")`, `fs.usage(".")`, `fs.disk_free(".")`, `fs.wait("a.txt")`,
	} {
		fails(t, run(t, h, script, fsAll), runtime.Denied)
		e := fails(t, run(t, h, script, runtime.FSRead.In("run")), runtime.Denied)
		if !strings.Contains(e.Message, "fs.read:home") {
			t.Errorf("%s: the denial does not name the root: %v", script, e)
		}
	}
	for _, script := range []string{
		`fs.write("a.txt", "x")`, `fs.append("a.txt", "x")`, `fs.mkdir("new")`, `fs.remove("a.txt")`, `fs.remove_tree("dir")`,
		`fs.rename("a.txt", "z.txt")`, `fs.copy("a.txt", "z.txt")`, `fs.chmod("a.txt", "0600")`, `fs.temp_dir()`,
	} {
		fails(t, run(t, h, script, runtime.FSRead), runtime.Denied)
		fails(t, run(t, h, script, runtime.FSRead, runtime.FSWrite.In("run")), runtime.Denied)
	}
	if after := value(t, run(t, h, `return fs.tree_hash(".")`, runtime.FSRead)); after != before {
		t.Error("something denied happened all the same")
	}
	if text(t, home+"/a.txt") != "one\ntwo\nthree\n" {
		t.Error("a.txt was written to")
	}
}

// What lies in another root needs its permission, also when it is reached from
// above.
func TestFsRootsInsideRoots(t *testing.T) {
	h, _ := newTree(t)
	only := runtime.FSRead.In("home")
	for _, script := range []string{`fs.read("agents/logs/worker.log")`, `fs.walk("agents")`, `fs.tree_hash(".")`, `fs.usage(".")`, `fs.glob("agents/*/*.log")`} {
		e := fails(t, run(t, h, script, only), runtime.Denied)
		if !strings.Contains(e.Message, "fs.read:") || strings.Contains(e.Message, "fs.read:home") {
			t.Errorf("%s: %v", script, e)
		}
	}
	if got := value(t, run(t, h, `return fs.read("agents/logs/worker.log")`, runtime.FSRead.In("logs"))); got != "line\n" {
		t.Errorf("read %v", got)
	}
}

// Each action: done, done again without a change, and only planned.
func TestFsActions(t *testing.T) {
	for name, c := range map[string]struct {
		script string // returns what the same dry run sees afterwards
		want   any
		again  int // changes when it is run again
		check  func(t *testing.T, home string)
	}{
		"write a new file": {`fs.write("new.txt", "text", { mode = "0600" }) return fs.read("new.txt")`, "text", 0, func(t *testing.T, home string) {
			if fi, err := os.Stat(home + "/new.txt"); err != nil || fi.Mode().Perm() != 0o600 || text(t, home+"/new.txt") != "text" {
				t.Errorf("new.txt: %v %v", fi, err)
			}
		}},
		"write over a file": {`fs.write("dir/deep/c.sh", "other") return fs.stat("dir/deep/c.sh").size`, 5.0, 0, func(t *testing.T, home string) {
			if fi, err := os.Stat(home + "/dir/deep/c.sh"); err != nil || fi.Mode().Perm() != 0o755 || text(t, home+"/dir/deep/c.sh") != "other" {
				t.Errorf("c.sh: %v %v", fi, err)
			}
		}},
		"write only the mode": {`fs.write("dir/b.txt", "b", { mode = "0600" }) return fs.read("dir/b.txt")`, "b", 0, func(t *testing.T, home string) {
			if fi, err := os.Stat(home + "/dir/b.txt"); err != nil || fi.Mode().Perm() != 0o600 {
				t.Errorf("b.txt: %v %v", fi, err)
			}
		}},
		"append": {`fs.append("a.txt", "four\n") fs.append("a.txt", "") return fs.read("a.txt")`, "one\ntwo\nthree\nfour\n", 1, func(t *testing.T, home string) {
			if got := text(t, home+"/a.txt"); !strings.HasPrefix(got, "one\ntwo\nthree\nfour\n") {
				t.Errorf("a.txt: %q", got)
			}
		}},
		"mkdir": {`fs.mkdir("x/y/z", { parents = true }) return fs.exists("x/y") and fs.stat("x/y/z").type`, "dir", 0, func(t *testing.T, home string) {
			if fi, err := os.Stat(home + "/x/y/z"); err != nil || !fi.IsDir() {
				t.Errorf("x/y/z: %v %v", fi, err)
			}
		}},
		"remove": {`fs.remove("a.txt") return fs.exists("a.txt")`, false, 0, func(t *testing.T, home string) {
			if text(t, home+"/a.txt") != "(absent)" {
				t.Error("a.txt is still there")
			}
		}},
		"remove a link": {`fs.remove("link") return fs.exists("link")`, false, 0, func(t *testing.T, home string) {
			if _, err := os.Lstat(home + "/link"); err == nil || text(t, home+"/a.txt") == "(absent)" {
				t.Error("the link is still there, or its target is gone")
			}
		}},
		"remove_tree": {`fs.remove_tree("dir") return fs.exists("dir/deep/c.sh")`, false, 0, func(t *testing.T, home string) {
			if _, err := os.Lstat(home + "/dir"); err == nil {
				t.Error("dir is still there")
			}
		}},
		"rename": {`if fs.exists("dir") then fs.rename("dir", "moved") end return fs.read("moved/b.txt") .. tostring(fs.exists("dir/b.txt"))`, "bfalse", 0, func(t *testing.T, home string) {
			if text(t, home+"/moved/b.txt") != "b" || text(t, home+"/dir/b.txt") != "(absent)" {
				t.Error("dir was not moved")
			}
		}},
		"copy": {`fs.copy("dir", "copied") return fs.read("copied/deep/c.sh")`, "c", 0, func(t *testing.T, home string) {
			if fi, err := os.Stat(home + "/copied/deep/c.sh"); err != nil || fi.Mode().Perm() != 0o755 || text(t, home+"/dir/b.txt") != "b" {
				t.Errorf("copied/deep/c.sh: %v %v", fi, err)
			}
		}},
		"chmod": {`fs.chmod("a.txt", "0640") return 1`, 1.0, 0, func(t *testing.T, home string) {
			if fi, err := os.Stat(home + "/a.txt"); err != nil || fi.Mode().Perm() != 0o640 {
				t.Errorf("a.txt: %v %v", fi, err)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			h, home := newTree(t)
			const hash = `return fs.tree_hash(".")`
			before := value(t, run(t, h, hash, runtime.FSRead))

			res := plan(t, h, c.script, fsAll, runtime.FSRead)
			if got := value(t, res); got != c.want {
				t.Errorf("the dry run sees %v, want %v", got, c.want)
			}
			changes(t, res, 1)
			if after := value(t, run(t, h, hash, runtime.FSRead)); after != before {
				t.Fatal("the dry run changed something")
			}
			planned := res.Changes

			res = run(t, h, c.script, fsAll, runtime.FSRead)
			if got := value(t, res); got != c.want {
				t.Errorf("the run gives %v, want %v", got, c.want)
			}
			if !reflect.DeepEqual(res.Changes, planned) {
				t.Errorf("the run made %+v\nand its plan was %+v", res.Changes, planned)
			}
			c.check(t, home)

			res = run(t, h, c.script, fsAll, runtime.FSRead)
			value(t, res)
			changes(t, res, c.again)
			c.check(t, home)
		})
	}
}

func TestFsActionsRefuse(t *testing.T) {
	h, _ := newTree(t)
	for script, kind := range map[string]runtime.Kind{
		`fs.write("dir", "x")`:                      runtime.Invalid,
		`fs.write("link", "x")`:                     runtime.Invalid,
		`fs.write("no/such/dir.txt", "x")`:          runtime.NotFound,
		`fs.write("a.txt", "x", { mode = "4755" })`: runtime.Invalid,
		`fs.write("a.txt", "x", { mode = "rw" })`:   runtime.Invalid,
		`fs.write("/etc/x", "x")`:                   runtime.Denied,
		`fs.append("dir", "x")`:                     runtime.Invalid,
		`fs.mkdir("a.txt")`:                         runtime.Conflict,
		`fs.mkdir("x/y")`:                           runtime.NotFound,
		`fs.remove("dir")`:                          runtime.Conflict,
		`fs.remove("agents/logs")`:                  runtime.Invalid,
		`fs.remove_tree("agents")`:                  runtime.Invalid,
		`fs.remove_tree(".")`:                       runtime.Invalid,
		`fs.rename("nothing", "x")`:                 runtime.NotFound,
		`fs.rename("a.txt", "dir/b.txt")`:           runtime.Conflict,
		`fs.rename("dir", "dir/deep/x")`:            runtime.Invalid,
		`fs.rename("agents", "x")`:                  runtime.Invalid,
		`fs.copy("dir", "a.txt")`:                   runtime.Conflict,
		`fs.copy("dir", "dir/x")`:                   runtime.Invalid,
		`fs.copy("nothing", "x")`:                   runtime.NotFound,
		`fs.chmod("nothing", "0600")`:               runtime.NotFound,
		`fs.temp_dir({ prefix = "../x" })`:          runtime.Invalid,
	} {
		for mode, res := range map[string]runtime.Result{
			"a dry run": plan(t, h, script, fsAll, runtime.FSRead),
			"a run":     run(t, h, script, fsAll, runtime.FSRead),
		} {
			if res.Err == nil || res.Err.Kind != kind {
				t.Errorf("%s in %s gives %v, want the kind %s", script, mode, res.Err, kind)
			}
			changes(t, res, 0)
		}
	}
}

func TestFsRenameReplace(t *testing.T) {
	h, home := newTree(t)
	value(t, run(t, h, `fs.rename("a.txt", "dir/b.txt", { replace = true })`, fsAll))
	if text(t, home+"/dir/b.txt") != "one\ntwo\nthree\n" || text(t, home+"/a.txt") != "(absent)" {
		t.Error("a.txt did not take the place of dir/b.txt")
	}
}

// Effects of a dry run build on each other.
func TestFsPlansBuildOnEachOther(t *testing.T) {
	h, _ := newTree(t)
	res := plan(t, h, `
		fs.remove_tree("dir")
		assert(not fs.exists("dir/b.txt"), "below a removed directory nothing is left")
		assert(fs.remove("dir") == false, "it is gone already")
		fs.mkdir("dir")
		assert(fs.stat("dir").type == "dir" and not fs.exists("dir/b.txt"), "a new directory is empty")
		fs.write("dir/n.txt", "n")
		fs.append("dir/n.txt", "m")
		assert(fs.read("dir/n.txt") == "nm", "the planned content is seen")
		fs.rename("dir/n.txt", "n.txt")
		assert(fs.read("n.txt") == "nm" and not fs.exists("dir/n.txt"), "what was planned can be moved")
		local ok, err = pcall(fs.checksum, "n.txt")
		assert(not ok and err.kind == "failed" and err.message:find("only planned"), "what is only planned cannot be looked at")
	`, fsAll, runtime.FSRead)
	value(t, res)
	changes(t, res, 5)
}

func TestFsTempDir(t *testing.T) {
	h, _ := newTree(t)
	res := run(t, h, `local d = fs.temp_dir() fs.write(d .. "/x", "secret") return { d, fs.stat(d).mode, fs.read(d .. "/x") }`, fsAll, runtime.FSRead)
	got := value(t, res).([]any)
	if got[1] != "0700" || got[2] != "secret" {
		t.Errorf("the directory is %v", got)
	}
	if _, err := os.Lstat(got[0].(string)); !os.IsNotExist(err) {
		t.Errorf("%v outlived the run: %v", got[0], err)
	}
	res = plan(t, h, `local d = fs.temp_dir() fs.write(d .. "/x", "t") return fs.read(d .. "/x")`, fsAll, runtime.FSRead)
	if got := value(t, res); got != "t" {
		t.Errorf("the dry run sees %v", got)
	}
}

func TestFsWait(t *testing.T) {
	h, home := newTree(t)
	if got := value(t, run(t, h, `return fs.wait("a.txt", { timeout = "20ms" })`, runtime.FSRead)); got != false {
		t.Errorf("waiting for nothing gives %v", got)
	}
	if got := value(t, run(t, h, `return fs.wait("a.txt", { event = "exists" })`, runtime.FSRead)); got != true {
		t.Errorf("waiting for what is so gives %v", got)
	}
	for event, act := range map[string]func() error{
		"exists": func() error { return os.WriteFile(home+"/ready", nil, 0o600) },
		"change": func() error { return os.WriteFile(home+"/a.txt", []byte("changed"), 0o600) },
		"absent": func() error { return os.Remove(home + "/dir/b.txt") },
	} {
		path := map[string]string{"exists": "ready", "change": "a.txt", "absent": "dir/b.txt"}[event]
		began := make(chan struct{})
		done := make(chan error, 1)
		go func() {
			<-began
			done <- act()
		}()
		// The progress line is told just before the wait; a change that comes
		// first is seen too, since the state was looked at before.
		opts := runtime.Options{Observer: observerFunc(func(e runtime.Event) {
			if e.Type == runtime.Progress {
				close(began)
			}
		})}
		started := time.Now()
		script := fmt.Sprintf(`return fs.wait(%q, { event = %q, timeout = "20s" })`, path, event)
		if got := value(t, runWith(t, h, opts, script, runtime.FSRead)); got != true {
			t.Errorf("waiting for %s of %s gives %v", event, path, got)
		}
		must(t, <-done)
		if took := time.Since(started); took > 10*time.Second {
			t.Errorf("waiting for %s took %s", event, took)
		}
	}
}
