package proc

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// loop is a daemon's script that stays the process it was started as.
const loop = "#!/usr/bin/env bash\necho up >> up.log\nwhile :; do read -t 1000 < <(sleep 1000) || :; done\n"

// launchIn starts argv with a home of its own and waits until the script runs.
func launchIn(t testing.TB, home, cwd string, env []string, argv ...string) *Child {
	t.Helper()
	cookie := NewCookie("loc")
	os.Remove(filepath.Join(cwd, "up.log"))
	c, err := StartDaemon(t.Context(), DaemonSpec{Name: "d", Argv: argv, Env: append(testEnv(), env...), Dir: cwd, Log: filepath.Join(home, "log"), Cookie: cookie})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(t, c, cookie) })
	eventually(t, "script up", func() bool { _, err := os.Stat(filepath.Join(cwd, "up.log")); return err == nil })
	return c
}

func TestMatchProgram(t *testing.T) {
	home, other := t.TempDir(), t.TempDir()
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(home, link); err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(home, "scripts/worker-daemon.sh")
	writeScript(t, script, loop)
	writeScript(t, filepath.Join(other, "scripts/worker-daemon.sh"), loop)
	writeScript(t, filepath.Join(home, "scripts/pm-daemon.sh"), loop)
	want := []string{"./scripts/worker-daemon.sh"}
	cases := []struct {
		name string
		cwd  string
		env  []string
		argv []string
		want []string
		ok   bool
	}{
		{"as registered", home, nil, want, want, true},
		{"absolute", home, nil, []string{script}, want, true},
		{"by its interpreter", home, nil, []string{"bash", "scripts/worker-daemon.sh"}, want, true},
		{"traced by hand", home, nil, []string{"/bin/bash", "-x", "-o", "pipefail", "scripts/worker-daemon.sh"}, want, true},
		{"registered with interpreter", home, nil, want, []string{"bash", "scripts/worker-daemon.sh"}, true},
		{"through a symbolic link", home, nil, []string{link + "/scripts/worker-daemon.sh"}, want, true},
		{"elsewhere with the home named", other, []string{"CORTEX_HOME=" + home}, []string{script}, want, true},
		{"older variable", other, []string{"COMMIT_RELAY_HOME=" + link}, []string{script}, want, true},
		{"elsewhere, script in home", other, nil, []string{script}, want, true},
		{"same script for another home", home, []string{"CORTEX_HOME=" + other}, want, want, false},
		{"the script of another home", other, nil, want, want, false},
		{"another script", home, nil, []string{"./scripts/pm-daemon.sh"}, want, false},
		{"more arguments", home, nil, []string{"./scripts/worker-daemon.sh", "--once"}, want, false},
		{"arguments", home, nil, []string{"./scripts/worker-daemon.sh", "--a", "b"}, append(slices.Clone(want), "--a", "b"), true},
		{"fewer arguments", home, nil, want, append(slices.Clone(want), "--a"), false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			child := launchIn(t, home, c.cwd, c.env, c.argv...)
			ok, why := MatchProgram(child.Identity().PID, c.want, home)
			if ok != c.ok || ok == (why != "") {
				t.Errorf("%v %q", ok, why)
			}
		})
	}
}

func TestMatchProgramRefusesLookalikes(t *testing.T) {
	home := t.TempDir()
	writeScript(t, filepath.Join(home, "scripts/worker-daemon.sh"), loop)
	want := []string{"./scripts/worker-daemon.sh"}
	writeScript(t, filepath.Join(home, "edit"), "#!/bin/sh\necho up > up.log; exec sleep 1000\n")
	for _, argv := range [][]string{
		{"./edit", "scripts/worker-daemon.sh"}, // "exec sleep" drops it; seen before that as sh ./edit ...
		{"/bin/sh", "-c", "echo up > up.log; sleep 1000; : scripts/worker-daemon.sh"},
		{"/bin/sh", "-c", "echo up > up.log; sleep 1000", "./scripts/worker-daemon.sh"},
	} {
		c := launchIn(t, home, home, nil, argv...)
		if ok, _ := MatchProgram(c.Identity().PID, want, home); ok {
			t.Errorf("%q is taken for the daemon", argv)
		}
	}
	for _, pid := range []int{1, 2, os.Getpid(), 1 << 22} {
		if ok, why := MatchProgram(pid, want, home); ok || why == "" {
			t.Errorf("pid %d: %v %q", pid, ok, why)
		}
	}
	c, shome := shell(t, "echo up; exec sleep 1000")
	line(t, shome, "up")
	eventually(t, "sleep runs", func() bool { ok, _ := MatchProgram(c.Identity().PID, []string{"sleep", "1000"}, shome); return ok })
	for _, argv := range [][]string{{"/usr/bin/cat", "1000"}, {"sleep"}, {"sleep", "100"}, {"sleep", "1000", "1"}, nil, {""}} {
		if ok, _ := MatchProgram(c.Identity().PID, argv, shome); ok {
			t.Errorf("sleep 1000 is taken for %q", argv)
		}
	}
}

func TestSkipOptions(t *testing.T) {
	for in, want := range map[string]string{
		"x.sh a": "x.sh a", "-e x.sh": "x.sh", "-eu -o pipefail x.sh -c": "x.sh -c", "-- -x": "-x",
		"--posix x.sh": "x.sh", "+x x.sh": "x.sh", "-c x.sh": "", "-ec x.sh": "", "-s x.sh": "", "-x": "", "": "",
	} {
		if got := strings.Join(skipOptions(strings.Fields(in)), " "); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestUnwrapEnv(t *testing.T) {
	for in, want := range map[string]string{
		"/bin/bash": "/bin/bash", "/bin/bash|-e": "/bin/bash -e", "/usr/bin/env|bash": "bash",
		"/usr/bin/env|-S bash -e": "bash", "/usr/bin/env|-S A=1 python3": "python3",
	} {
		if got := strings.Join(unwrapEnv(strings.Split(in, "|")), " "); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestLocate(t *testing.T) {
	home := t.TempDir()
	var programs []Program
	var children []*Child
	for _, name := range []string{"recorded", "filed", "found", "down"} {
		argv := []string{"./scripts/" + name + ".sh"}
		writeScript(t, filepath.Join(home, argv[0]), loop)
		programs = append(programs, Program{Name: name, Argv: argv, Home: home})
		if name != "down" {
			children = append(children, launchIn(t, home, home, []string{"CORTEX_HOME=" + home}, argv...))
		}
	}
	rec := children[0].Identity()
	programs[0].Record = &rec
	programs[1].PIDFilePID = children[1].Identity().PID
	stale := children[0].Identity()
	stale.StartTicks--
	programs[2].Record = &stale                         // the record of a pid that was given away
	programs[3].PIDFilePID = children[0].Identity().PID // the pidfile names a stranger
	programs[2].PIDFilePID = children[1].Identity().PID // another daemon of this home
	found, err := Locate(t.Context(), programs)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range found {
		got = append(got, fmt.Sprintf("%s by %s", f.Name, f.By))
		if i := slices.IndexFunc(programs, func(p Program) bool { return p.Name == f.Name }); f.Identity != children[i].Identity() || f.Stat.PID != f.Identity.PID {
			t.Errorf("%s: %+v", f.Name, f)
		}
	}
	if want := []string{"recorded by record", "filed by pidfile", "found by cmdline"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	// A second instance of a program is not hidden.
	second := launchIn(t, home, home, []string{"CORTEX_HOME=" + home}, "bash", "scripts/found.sh")
	found, err = Locate(t.Context(), []Program{{Name: "found", Argv: []string{"./scripts/found.sh"}, Home: home}})
	if err != nil || len(found) != 2 || found[1].Identity != second.Identity() {
		t.Errorf("%d instances, %v", len(found), err)
	}
}

func TestHostFigures(t *testing.T) {
	f, err := Host(t.Context())
	if err != nil || f.MemTotal == 0 || f.MemAvailable == 0 || f.Hostname == "" || f.Uptime <= 0 {
		t.Errorf("%+v %v", f, err)
	}
	c, home := shell(t, "echo up; while :; do :; done")
	line(t, home, "up")
	p, err := CPUPercent(t.Context(), c.Identity(), 200_000_000)
	if err != nil || p <= 0 || p > 150 {
		t.Errorf("%v %% %v", p, err)
	}
}

// BenchmarkLocate1000 locates 1,000 programs by their records. Ten processes stand
// behind them: the work for a record does not depend on which process it names.
func BenchmarkLocate1000(b *testing.B) {
	home := b.TempDir()
	var programs []Program
	for range 10 {
		id := shellIn(b, home, "exec sleep 1000", "").Identity()
		for range 100 {
			programs = append(programs, Program{Name: "d", Record: &id, Argv: []string{"sleep", "1000"}, Home: home})
		}
	}
	for b.Loop() {
		if found, err := Locate(b.Context(), programs); err != nil || len(found) != 1000 {
			b.Fatal(len(found), err)
		}
	}
}
