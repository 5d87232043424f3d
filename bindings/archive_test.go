package bindings

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/cortexlua/cortexlua/runtime"
)

// newBackups is a home with state and scripts, and a folder for backups.
func newBackups(t *testing.T) (*Host, string) {
	t.Helper()
	h, home := newHost(t, "", emptyRegistry)
	put(t, home+"/coordination/queue.json", `{"tasks":[]}`)
	put(t, home+"/coordination/backups/old.json", "old")
	put(t, home+"/scripts/worker.sh", "echo 1\n")
	must(t, os.Chmod(home+"/scripts/worker.sh", 0o755))
	must(t, os.Mkdir(home+"/backups", 0o755))
	return h, home
}

const createBackup = `return archive.create("backups/a.tar.gz", {
	sources = {
		{ name = "coordination", dir = "coordination", exclude = { "backups" } },
		{ name = "scripts", dir = "scripts" },
		{ name = "none", dir = "none", optional = true },
	},
	meta = { commit = "abc" },
})`

const (
	compareBackup = `return archive.compare("backups/a.tar.gz", { exclude = { "coordination/backups" } })`
	restoreBackup = `return archive.restore("backups/a.tar.gz", { exclude = { "coordination/backups" } })`
	hashHome      = `return fs.tree_hash(".", { exclude = { "backups" } })`
)

var archiveAll = []runtime.Permission{runtime.FSRead, runtime.FSWrite}

// backedUp is a home with a backup, that has been written to since.
func backedUp(t *testing.T) (*Host, string) {
	t.Helper()
	h, home := newBackups(t)
	value(t, run(t, h, createBackup, archiveAll...))
	put(t, home+"/coordination/queue.json", `{"tasks":[1]}`)
	put(t, home+"/coordination/added.json", "added")
	put(t, home+"/coordination/backups/new.json", "new")
	must(t, os.Remove(home+"/scripts/worker.sh"))
	return h, home
}

func TestArchiveCreate(t *testing.T) {
	h, home := newBackups(t)
	res := plan(t, h, createBackup, archiveAll...)
	if got := value(t, res).(map[string]any); got["path"] != home+"/backups/a.tar.gz" || got["sha256"] != nil {
		t.Errorf("the dry run gives %v", got)
	}
	changes(t, res, 1)
	if text(t, home+"/backups/a.tar.gz") != "(absent)" {
		t.Fatal("the dry run made the backup")
	}

	res = run(t, h, createBackup, archiveAll...)
	got := value(t, res).(map[string]any)
	changes(t, res, 1)
	// Two directories and two files: the folder coordination/backups is left out.
	if got["entries"] != 4.0 || got["bytes"] != 19.0 || len(got["sha256"].(string)) != 64 || got["size"].(float64) <= 0 {
		t.Errorf("the result is %v", got)
	}

	// It never replaces one.
	before := text(t, home+"/backups/a.tar.gz")
	e := fails(t, run(t, h, createBackup, archiveAll...), runtime.Conflict)
	if !strings.Contains(e.Message, "a.tar.gz") || text(t, home+"/backups/a.tar.gz") != before {
		t.Errorf("the second backup: %v", e)
	}
}

func TestArchiveCreateRefuses(t *testing.T) {
	h, home := newBackups(t)
	must(t, os.Symlink("/etc", home+"/out"))
	for script, kind := range map[string]runtime.Kind{
		`archive.create("backups/x.tar.gz")`:                                                                         runtime.Invalid,
		`archive.create("no/such/x.tar.gz", { sources = { { name = "s", dir = "scripts" } } })`:                      runtime.NotFound,
		`archive.create("backups/x.tar.gz", { sources = { { name = "s", dir = "nothing" } } })`:                      runtime.NotFound,
		`archive.create("backups/x.tar.gz", { sources = { { name = "s", dir = "scripts/worker.sh" } } })`:            runtime.Invalid,
		`archive.create("backups/x.tar.gz", { sources = { { name = "s", dir = "out" } } })`:                          runtime.Denied,
		`archive.create("out/x.tar.gz", { sources = { { name = "s", dir = "scripts" } } })`:                          runtime.Denied,
		`archive.create("backups/x.tar.gz", { sources = { { name = "s", dir = "/etc" } } })`:                         runtime.Denied,
		`archive.create("backups/x.tar.gz", { sources = { { name = "s", dir = "scripts", exclude = { "/abs" } } }})`: runtime.Invalid,
	} {
		for _, res := range []runtime.Result{plan(t, h, script, archiveAll...), run(t, h, script, archiveAll...)} {
			if res.Err == nil || res.Err.Kind != kind {
				t.Errorf("%s gives %v, want the kind %s", script, res.Err, kind)
			}
		}
	}
	if list, err := os.ReadDir(home + "/backups"); err != nil || len(list) > 0 {
		t.Errorf("something was left in backups: %v %v", list, err)
	}
}

func TestArchiveVerifyAndManifest(t *testing.T) {
	h, home := backedUp(t)
	for script, want := range map[string]any{
		`return archive.verify("backups/a.tar.gz").ok`:                                true,
		`return archive.verify("backups/a.tar.gz").entries`:                           4.0,
		`return archive.verify("backups/a.tar.gz").meta.commit`:                       "abc",
		`return archive.manifest("backups/a.tar.gz").meta.commit`:                     "abc",
		`return archive.manifest("backups/a.tar.gz").files`:                           nil,
		`return archive.manifest("backups/a.tar.gz", { files = true }).files[2].path`: "coordination/queue.json",
		`return table.concat(archive.manifest("backups/a.tar.gz").sources, ",")`:      "coordination,scripts",
		`return archive.manifest("backups/a.tar.gz").created <= clock.now()`:          true,
	} {
		if got := value(t, run(t, h, script, runtime.FSRead)); got != want {
			t.Errorf("%s gives %v, want %v", script, got, want)
		}
	}
	fails(t, run(t, h, `archive.verify("backups/nothing.tar.gz")`, runtime.FSRead), runtime.NotFound)
	fails(t, run(t, h, `archive.verify("backups")`, runtime.FSRead), runtime.Invalid)
	damage(t, home+"/backups/a.tar.gz")
	e := fails(t, run(t, h, `archive.verify("backups/a.tar.gz")`, runtime.FSRead), runtime.Failed)
	if !strings.Contains(e.Message, "damaged") || !strings.Contains(e.Message, home+"/backups/a.tar.gz") || e.Hint == "" {
		t.Errorf("the message does not tell enough: %v", e)
	}
}

// damage flips a bit in the middle of a file.
func damage(t *testing.T, path string) {
	t.Helper()
	data := []byte(text(t, path))
	data[len(data)/2] ^= 1
	must(t, os.WriteFile(path, data, 0o600))
}

func TestArchiveList(t *testing.T) {
	h, home := backedUp(t)
	const script = `return archive.list("backups")`
	if got := value(t, run(t, h, `return archive.list("none")`, runtime.FSRead)); !reflect.DeepEqual(got, []any{}) {
		t.Errorf("a missing directory has %v", got)
	}
	value(t, run(t, h, `archive.create("backups/b.tar.gz", { sources = { { name = "scripts", dir = "scripts" } } })`, archiveAll...))
	put(t, home+"/backups/c.tar.gz", "half a backup")
	put(t, home+"/backups/notes.txt", "")
	list := value(t, run(t, h, script, runtime.FSRead)).([]any)
	byName := map[string]map[string]any{}
	last := -1.0
	for i, item := range list {
		found := item.(map[string]any)
		byName[found["name"].(string)] = found
		if at := found["created"].(float64); i > 0 && at > last {
			t.Errorf("not the newest first: %v", list)
		} else {
			last = at
		}
	}
	if len(list) != 3 || byName["a.tar.gz"]["meta"].(map[string]any)["commit"] != "abc" || byName["a.tar.gz"]["why"] != nil {
		t.Errorf("the list is %v", list)
	}
	if why, _ := byName["c.tar.gz"]["why"].(string); !strings.Contains(why, "manifest") || byName["c.tar.gz"]["meta"] != nil {
		t.Errorf("one without a manifest is listed as %v", byName["c.tar.gz"])
	}
}

func TestArchiveRestore(t *testing.T) {
	h, home := backedUp(t)
	before := value(t, run(t, h, hashHome, runtime.FSRead))
	differs := []any{"coordination/added.json", "coordination/queue.json", "scripts/worker.sh"}
	if got := value(t, run(t, h, compareBackup, runtime.FSRead)); !reflect.DeepEqual(got, differs) {
		t.Errorf("before, %v differ, want %v", got, differs)
	}

	res := plan(t, h, restoreBackup+` and `+strings.TrimPrefix(compareBackup, "return "), archiveAll...)
	if got := value(t, res); !reflect.DeepEqual(got, []any{}) {
		t.Errorf("after the plan, the dry run sees the differences %v", got)
	}
	changes(t, res, 1)
	if after := value(t, run(t, h, hashHome, runtime.FSRead)); after != before {
		t.Fatal("the dry run changed something")
	}
	planned := res.Changes

	res = run(t, h, restoreBackup, archiveAll...)
	got := value(t, res).(map[string]any)
	if !reflect.DeepEqual(res.Changes, planned) {
		t.Errorf("the run made %+v, its plan was %+v", res.Changes, planned)
	}
	if !reflect.DeepEqual(got["changed"], differs) || len(got["left"].([]any)) > 0 {
		t.Errorf("the result is %v", got)
	}
	for path, want := range map[string]string{
		"coordination/queue.json":       `{"tasks":[]}`,
		"coordination/added.json":       "(absent)",
		"coordination/backups/old.json": "old",
		"coordination/backups/new.json": "new",
		"scripts/worker.sh":             "echo 1\n",
	} {
		if got := text(t, home+"/"+path); got != want {
			t.Errorf("%s holds %q, want %q", path, got, want)
		}
	}
	if got := value(t, run(t, h, compareBackup, runtime.FSRead)); !reflect.DeepEqual(got, []any{}) {
		t.Errorf("afterwards, %v differ", got)
	}
	if list, err := os.ReadDir(home); err != nil || len(list) != 3 {
		t.Errorf("something was left beside the directories: %v %v", list, err)
	}

	res = run(t, h, restoreBackup, archiveAll...)
	value(t, res)
	changes(t, res, 0)
}

func TestArchiveRestoreSome(t *testing.T) {
	h, home := backedUp(t)
	value(t, run(t, h, `archive.restore("backups/a.tar.gz", { names = { "scripts" } })`, archiveAll...))
	if text(t, home+"/scripts/worker.sh") != "echo 1\n" || text(t, home+"/coordination/added.json") != "added" {
		t.Error("not the named directory alone was restored")
	}
	must(t, os.Mkdir(home+"/elsewhere", 0o755))
	value(t, run(t, h, `archive.restore("backups/a.tar.gz", { to = "elsewhere" })`, archiveAll...))
	if text(t, home+"/elsewhere/scripts/worker.sh") != "echo 1\n" {
		t.Error("it was not restored to elsewhere")
	}
	e := fails(t, run(t, h, `archive.restore("backups/a.tar.gz", { names = { "script" } })`, archiveAll...), runtime.NotFound)
	if !strings.Contains(e.Error(), "scripts") {
		t.Errorf("the message does not tell what it holds: %v", e)
	}
}

func TestArchiveRestoreRefuses(t *testing.T) {
	h, home := backedUp(t)
	before := value(t, run(t, h, hashHome, runtime.FSRead))
	for script, kind := range map[string]runtime.Kind{
		`archive.restore("backups/a.tar.gz", { to = "/" })`:                       runtime.Denied,
		`archive.restore("backups/a.tar.gz", { to = ".." })`:                      runtime.Denied,
		`archive.restore("backups/a.tar.gz", { exclude = { "coordination/*" } })`: runtime.Invalid,
		`archive.restore("backups/a.tar.gz", { exclude = { "coordination" } })`:   runtime.Invalid,
		`archive.restore("backups/a.tar.gz", { exclude = { "../x" } })`:           runtime.Invalid,
		`archive.restore("backups/nothing.tar.gz")`:                               runtime.NotFound,
	} {
		fails(t, run(t, h, script, archiveAll...), kind)
	}
	damage(t, home+"/backups/a.tar.gz")
	for _, res := range []runtime.Result{plan(t, h, restoreBackup, archiveAll...), run(t, h, restoreBackup, archiveAll...)} {
		e := fails(t, res, runtime.Failed)
		if !strings.Contains(e.Message, "damaged") {
			t.Errorf("the message does not tell enough: %v", e)
		}
	}
	if after := value(t, run(t, h, hashHome, runtime.FSRead)); after != before {
		t.Error("a refused restore changed something")
	}
}

func TestArchiveDenied(t *testing.T) {
	h, home := backedUp(t)
	before := value(t, run(t, h, `return fs.tree_hash(".")`, runtime.FSRead))
	for _, script := range []string{`archive.verify("backups/a.tar.gz")`, `archive.manifest("backups/a.tar.gz")`, `archive.list("backups")`, compareBackup} {
		fails(t, run(t, h, script, runtime.FSWrite), runtime.Denied)
		fails(t, run(t, h, script, runtime.FSRead.In("home")), runtime.Denied)
	}
	other := strings.Replace(createBackup, "a.tar.gz", "z.tar.gz", 1)
	for _, script := range []string{other, restoreBackup} {
		fails(t, run(t, h, script, runtime.FSRead), runtime.Denied)
		fails(t, run(t, h, script, runtime.FSWrite), runtime.Denied)
		fails(t, run(t, h, script, runtime.FSRead, runtime.FSWrite.In("run")), runtime.Denied)
	}
	fails(t, run(t, h, other, runtime.FSRead, runtime.FSWrite.In("home")), runtime.Denied)
	if after := value(t, run(t, h, `return fs.tree_hash(".")`, runtime.FSRead)); after != before {
		t.Error("something denied happened all the same")
	}
	if text(t, home+"/backups/z.tar.gz") != "(absent)" {
		t.Error("a denied backup was made")
	}
}
