package bindings

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/cortexlua/cortexlua/bindings/internal/registry"
	"github.com/cortexlua/cortexlua/runtime"
)

// probeNeeds is what the scripts of these tests may do: start, watch and stop
// daemons, and read their files.
var probeNeeds = []runtime.Permission{runtime.ProcessRead, runtime.ProcessSpawn, runtime.ProcessSignal, runtime.FSRead}

// newDaemonHost makes a host with the script of a daemon, and ends at the end of
// the test what a script left.
func newDaemonHost(t *testing.T, body string) (*Host, string) {
	t.Helper()
	h, home := newHost(t, "", `return {
		home = { env = { "CORTEX_HOME" } },
		daemons = { { name = "worker", command = { "./worker.sh" }, pidfile = { path = "run/worker.pid" }, log = "agents/logs/worker.log" } },
	}`)
	put(t, home+"/worker.sh", "#!/bin/sh\n"+body)
	must(t, os.Chmod(home+"/worker.sh", 0o755))
	must(t, os.MkdirAll(home+"/agents/logs", 0o755))
	must(t, os.MkdirAll(home+"/run", 0o755))
	t.Cleanup(func() {
		for _, p := range h.children.byID {
			if _, err := h.stop(context.Background(), p, "KILL", time.Second); err != nil {
				t.Errorf("cannot end what the test left: %v", err)
			}
		}
	})
	return h, home
}

// spawn is how the scripts of these tests start their daemon.
const spawn = `
	local log_path = "agents/logs/worker.log"
	local since = probe.mark(log_path)
	local p = process.spawn("worker", { "./worker.sh" }, { log = run.home .. "/" .. log_path, stdout = "log" })
`

func TestProbeWaitForAStateFile(t *testing.T) {
	h, home := newDaemonHost(t, `date +'{"at":"%Y-%m-%dT%H:%M:%S%z"}' > state.tmp; mv state.tmp state.json; exec sleep 60`)
	put(t, home+"/state.json", `{"at":"2020-01-01T00:00:00Z"}`)
	old := time.Now().Add(-time.Hour)
	must(t, os.Chtimes(home+"/state.json", old, old))
	for _, options := range []string{``, `{ since = since, settle = "20ms" }`, `{ since = clock.now() - 60, passes = 2 }`} {
		got := value(t, run(t, h, spawn+`
			local r = probe.wait(p, { file = "state.json", json = ".at", fresh = "1m", interval = "5ms" }, `+orNil(options)+`)
			process.stop(p, { grace = "1s" })
			return r.took
		`, probeNeeds...))
		if took, ok := got.(float64); !ok || took <= 0 {
			t.Errorf("%s: took %v", options, got)
		}
	}
}

func orNil(s string) string {
	if s == "" {
		return "nil"
	}
	return s
}

func TestProbeWaitTellsHowTheDaemonDied(t *testing.T) {
	for _, c := range []struct {
		name, body, text string
		details          map[string]any
	}{
		{"an exit code", `for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo "line $i"; done; exit 3`, "ended with exit code 3 before it was ready",
			map[string]any{"exit_code": 3.0}},
		{"a signal", `echo "line 12"; kill -SEGV $$`, "was ended by SIGSEGV before it was ready", map[string]any{"signal": "SIGSEGV"}},
		{"exit code 0", `echo "line 12"`, "ended with exit code 0 before it was ready", map[string]any{"exit_code": 0.0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, home := newDaemonHost(t, c.body)
			put(t, home+"/agents/logs/worker.log", "of an earlier life\n")
			err := fails(t, run(t, h, spawn+`probe.wait(p, { file = "state.json" }, { log = log_path, since = since, settle = "1s" })`, probeNeeds...), runtime.Failed)
			if !strings.HasPrefix(err.Message, "worker (pid ") || !strings.Contains(err.Message, c.text) || !strings.Contains(err.Message, "line 12") {
				t.Errorf("the message is %q", err.Message)
			}
			for k, want := range c.details {
				if err.Details[k] != want {
					t.Errorf("details.%s is %v, want %v", k, err.Details[k], want)
				}
			}
			lines, _ := err.Details["log_lines"].([]any)
			if len(lines) == 0 || len(lines) > 10 || lines[len(lines)-1] != "line 12" {
				t.Errorf("details.log_lines is %q", lines)
			}
		})
	}
}

func TestProbeWaitDoesNotShowOldLines(t *testing.T) {
	h, home := newDaemonHost(t, `exit 1`)
	put(t, home+"/agents/logs/worker.log", "of an earlier life\n")
	err := fails(t, run(t, h, spawn+`probe.wait(p, { file = "state.json" }, { log = log_path, since = since })`, probeNeeds...), runtime.Failed)
	if !strings.Contains(err.Message, "it wrote nothing to "+home+"/agents/logs/worker.log") || strings.Contains(err.Message, "earlier life") {
		t.Errorf("the message is %q", err.Message)
	}
}

func TestProbeWaitTimesOut(t *testing.T) {
	h, _ := newDaemonHost(t, `echo starting; exec sleep 60`)
	err := fails(t, run(t, h, spawn+`
		probe.wait(p, { log = "never", timeout = "1m" }, { log = log_path, since = since, timeout = "50ms" })
	`, probeNeeds...), runtime.Timeout)
	for _, part := range []string{"worker (pid ", "was not ready within 50ms", `a line that matches "never"`} {
		if !strings.Contains(err.Message, part) {
			t.Errorf("%q is not in %q", part, err.Message)
		}
	}
	if err.Details["daemon"] != "worker" || err.Details["waited_for"] == nil || err.Details["last"] == nil || err.Hint == "" {
		t.Errorf("details are %v, hint %q", err.Details, err.Hint)
	}
}

func TestProbeWaitForALogLine(t *testing.T) {
	h, home := newDaemonHost(t, `sleep 0.05; echo "$$ ready"; exec sleep 60`)
	put(t, home+"/agents/logs/worker.log", "1 ready\n")
	got := value(t, run(t, h, spawn+`
		probe.wait(p, { log = "^[0-9]+ ready$" }, { since = since })
		local _, err = errors.try(probe.wait, p, { log = "ready" }, { since = clock.now() })
		local _, no_mark = errors.try(probe.wait, p, { log = "ready" })
		local old = probe.check({ log = "^1 ready$" }, { since = since })
		local whole = probe.check({ log = "^1 ready$" }, { log = log_path })
		return { err.kind, err.hint, no_mark.kind, old.ok, whole.ok }
	`, probeNeeds...))
	want := []any{"invalid", fmt.Sprintf("take since = probe.mark(%q) before the start, and pass that", home+"/agents/logs/worker.log"), "invalid", false, true}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if log := text(t, home+"/agents/logs/worker.log"); strings.Count(log, "ready") != 2 {
		t.Errorf("the wait ended before the new line came: %q", log)
	}
}

func TestProbeWaitForThePidfile(t *testing.T) {
	h, home := newDaemonHost(t, `echo $$ > run/worker.pid; exec sleep 60`)
	put(t, home+"/run/worker.pid", "1234567\n")
	value(t, run(t, h, spawn+`
		probe.wait(p, { pidfile = run.home .. "/run/worker.pid" })
		assert(pidfile.read(run.home .. "/run/worker.pid") == p.pid)
	`, probeNeeds...))
	err := fails(t, run(t, h, spawn+`probe.wait(p, { pidfile = "/etc/passwd" })`, probeNeeds...), runtime.Conflict)
	if !strings.Contains(err.Message, "still lives") {
		t.Errorf("a second start: %v", err)
	}
}

func TestProbeSettle(t *testing.T) {
	h, _ := newDaemonHost(t, `echo about to fail; sleep 0.05; exit 7`)
	err := fails(t, run(t, h, spawn+`probe.settle(p, "1m", { log = log_path })`, probeNeeds...), runtime.Failed)
	if !strings.Contains(err.Message, "ended with exit code 7 within 1m, when it should be stable") || !strings.Contains(err.Message, "about to fail") {
		t.Errorf("the message is %q", err.Message)
	}
	live, home := newDaemonHost(t, `echo ok > ready; exec sleep 60`)
	value(t, run(t, live, spawn+`probe.settle(p, "20ms")`, probeNeeds...))
	must(t, os.Remove(home+"/worker.sh"))
}

func TestProbeWaitThatDoesNotStayReady(t *testing.T) {
	h, home := newDaemonHost(t, `echo 1 > state.json; exec sleep 60`)
	err := fails(t, run(t, h, spawn+`
		probe.wait(p, { command = { "mv", "state.json", "gone.json" }, interval = "5ms" }, { settle = "10ms" })
	`, probeNeeds...), runtime.Failed)
	if !strings.Contains(err.Message, "was ready and is not any more") || text(t, home+"/gone.json") != "1\n" {
		t.Errorf("the message is %q", err.Message)
	}
}

func TestProbeOfAProcessThatWasFound(t *testing.T) {
	h, home := newDaemonHost(t, `echo "up ready" ; echo 1 > state.json; exec sleep 60`)
	value(t, run(t, h, spawn+`probe.wait(p, { file = "state.json" })`, probeNeeds...))
	// Another run, which did not start it.
	other := NewHost(h.cfg)
	defer other.Close()
	value(t, run(t, other, `
		local p = process.locate({ "worker" })[1].process
		probe.wait(p, { file = "state.json" })
		probe.wait(p, { log = "ready" }, { log = "agents/logs/worker.log" })
		probe.settle(p, "5ms")
	`, probeNeeds...))
	_ = home
}

func TestProbeInADryRun(t *testing.T) {
	h, _ := newDaemonHost(t, `exec sleep 60`)
	value(t, plan(t, h, spawn+`
		probe.wait(p, { tcp = "127.0.0.1:1", timeout = "1h" }, { since = since, settle = "1h" })
		probe.settle(p, "1h")
	`, probeNeeds...))
}

func TestProbeCheck(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(`{"status":"healthy"}`))
	}))
	defer server.Close()
	h, home := newDaemonHost(t, "")
	socket, err := net.Listen("unix", home+"/run/s")
	must(t, err)
	defer socket.Close()
	address := server.Listener.Addr().String()
	put(t, home+"/state.json", fmt.Sprintf(`{"at":%d}`, time.Now().Unix()))
	for _, c := range []struct {
		spec string
		ok   bool
		need runtime.Permission
	}{
		{`tcp = "` + address + `"`, true, runtime.NetDial.In("127.0.0.1")},
		{`tcp = "127.0.0.1:1"`, false, runtime.NetDial.In("127.0.0.1")},
		{`http = "` + server.URL + `/"`, true, runtime.NetDial.In("127.0.0.1")},
		{`http = "` + server.URL + `/none"`, false, runtime.NetDial},
		{`http = "` + server.URL + `/none", status = { 404 }`, true, runtime.NetDial},
		{`http = "` + server.URL + `/", body = "health", json = '.status == "healthy"'`, true, runtime.NetDial},
		{`http = "` + server.URL + `/", json = '.status == "sick"'`, false, runtime.NetDial},
		{`command = { "sh", "-c", "test $CORTEX_HOME = $PWD" }`, true, runtime.ProcessSpawn.In("sh")},
		{`command = { "false" }`, false, runtime.ProcessSpawn.In("false")},
		{`file = "state.json"`, true, runtime.FSRead.In("home")},
		{`file = "state.json", json = ".at", fresh = "1m"`, true, runtime.FSRead.In("home")},
		{`file = "none.json"`, false, runtime.FSRead.In("home")},
	} {
		script := `local r = probe.check({ ` + c.spec + ` }) return { r.ok, r.why or "" }`
		got, _ := value(t, run(t, h, script, runtime.ProcessRead, c.need)).([]any)
		if got[0] != c.ok || (got[1] == "") != c.ok {
			t.Errorf("%s: %v", c.spec, got)
		}
		fails(t, run(t, h, script, runtime.ProcessRead), runtime.Denied)
		fails(t, run(t, h, script, c.need), runtime.Denied)
	}
	unix := `return probe.check({ unix = "run/s" }).ok`
	if value(t, run(t, h, unix, runtime.ProcessRead, runtime.FSRead, runtime.NetDial.In("unix"))) != true {
		t.Error("the socket is not served")
	}
	fails(t, run(t, h, unix, runtime.ProcessRead, runtime.FSRead), runtime.Denied)
	fails(t, run(t, h, unix, runtime.ProcessRead, runtime.NetDial), runtime.Denied)
}

func TestProbeRefuses(t *testing.T) {
	h, _ := newDaemonHost(t, "")
	for spec, want := range map[string]string{
		`{}`:                                     "exactly one of",
		`{ tcp = "a:1", alive = true }`:          "and has 2",
		`{ tpc = "127.0.0.1:1" }`:                `did you mean "tcp"`,
		`{ tcp = "5001" }`:                       "not host:port",
		`{ http = "127.0.0.1:1" }`:               "not a URL",
		`{ http = "http://x/", body = "(" }`:     "spec.body is not a regular expression",
		`{ alive = true, json = "." }`:           "belongs to file or http",
		`{ tcp = "a:1", fresh = "1m" }`:          "belongs to file",
		`{ tcp = "a:1", status = { 1 } }`:        "belong to http",
		`{ log = "(" }`:                          "spec.log is not a regular expression",
		`{ log = "x" }`:                          "needs to know the log",
		`{ pidfile = "/run/worker.pid" }`:        "needs a process",
		`{ file = "x", fresh = 60 }`:             "must be a duration with a unit",
		`{ alive = true }, { since = "now" }`:    "since must be a mark",
		`{ alive = true }, { since = { 1 } }`:    "since must be a mark",
		`{ alive = true }, { since = json.null}`: "since must be a mark",
	} {
		err := fails(t, run(t, h, `probe.check(`+spec+`)`, runtime.ProcessRead, runtime.NetDial, runtime.FSRead), runtime.Invalid)
		if !strings.Contains(err.Message, want) {
			t.Errorf("%s: %q, want %q in it", spec, err.Message, want)
		}
	}
	err := fails(t, run(t, h, `probe.check({ file = "/etc/passwd" })`, probeNeeds...), runtime.Denied)
	if !strings.Contains(err.Message, "outside the roots") {
		t.Errorf("a file outside: %v", err)
	}
	for _, call := range []string{`probe.mark()`, `probe.check({ alive = true })`} {
		fails(t, run(t, h, call), runtime.Denied)
	}
	fails(t, run(t, h, `probe.mark("agents/logs/worker.log")`, runtime.ProcessRead), runtime.Denied)
	for _, call := range []string{`probe.wait({ pid = 1 }, { alive = true })`, `probe.settle(nil, "1s")`} {
		fails(t, run(t, h, call, probeNeeds...), runtime.Invalid)
	}
}

// A daemon's own ready table can be handed to a probe as it is.
func TestProbeSpecTakesEveryKeyOfReady(t *testing.T) {
	keys := map[string]bool{}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[probeSpec]()) {
		name, _, _ := strings.Cut(f.Tag.Get("lua"), ",")
		keys[name] = true
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[registry.Ready]()) {
		if name, _, _ := strings.Cut(f.Tag.Get("lua"), ","); !keys[name] {
			t.Errorf("ready.%s is unknown to probes", name)
		}
	}
	h, _ := newDaemonHost(t, "")
	if value(t, run(t, h, `return probe.check(registry.daemons()[1].ready).ok`, runtime.ProcessRead)) != true {
		t.Error("the default ready does not pass")
	}
}
