package registry

import (
	"slices"
	"strings"
	"testing"
)

func daemons(specs ...string) []Daemon {
	var out []Daemon
	for _, s := range specs {
		name, after, _ := strings.Cut(s, ":")
		d := Daemon{Name: name, Command: []string{"bin/" + name}, Settle: "1s"}
		if after != "" {
			d.After = strings.Split(after, ",")
		}
		out = append(out, d)
	}
	return out
}

func TestCompleteOrdersDaemonsAfterThoseTheyNeed(t *testing.T) {
	r := &Registry{Daemons: daemons("c:b", "a", "b:a", "d")}
	if err := r.Complete("/home"); err != nil {
		t.Fatal(err)
	}
	if got := r.Names(); !slices.Equal(got, []string{"a", "b", "c", "d"}) {
		t.Errorf("order: %v", got)
	}
}

func TestCompleteRefuses(t *testing.T) {
	probes := func(p Ready) []Daemon {
		d := daemons("a")
		d[0].Ready = &p
		return d
	}
	cases := map[string]struct {
		reg  Registry
		want string
	}{
		"a circle":        {Registry{Daemons: daemons("a:c", "b:a", "c:b", "d")}, "a -> c -> b -> a"},
		"itself":          {Registry{Daemons: daemons("a:a")}, "a -> a"},
		"unknown after":   {Registry{Daemons: daemons("a:x")}, `after names "x", which is not a daemon`},
		"twice":           {Registry{Daemons: daemons("a", "a")}, `"a" is declared twice`},
		"no name":         {Registry{Daemons: daemons("")}, "1 to 64 characters"},
		"the name all":    {Registry{Daemons: daemons("all")}, "stands for every daemon"},
		"a path for name": {Registry{Daemons: daemons("../x")}, "lower-case letters"},
		"two probes":      {Registry{Daemons: probes(Ready{TCP: "x:1", Alive: true})}, "exactly one of"},
		"log without log": {Registry{Daemons: probes(Ready{Log: "ready"})}, "the daemon has no log"},
		"json alone":      {Registry{Daemons: probes(Ready{Alive: true, JSON: ".x"})}, "without file"},
		"a deep backup":   {Registry{Release: Release{Backup: []string{"a/b"}}}, `"a/b" must be the name of a folder`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			err := c.reg.Complete("/home")
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestCompleteFillsPathsAndDefaults(t *testing.T) {
	d := daemons("a")
	d[0].Log, d[0].Pidfile = "logs/a.log", &Pidfile{Path: "/run/a.pid"}
	d[0].Env = map[string]string{"CORTEX_HOME": "elsewhere"}
	r := &Registry{Home: Home{Env: []string{"CORTEX_HOME", "OTHER"}}, Daemons: d}
	if err := r.Complete("/home"); err != nil {
		t.Fatal(err)
	}
	got, _ := r.Get("a")
	if got.Command[0] != "/home/bin/a" || got.Log != "/home/logs/a.log" || got.Pidfile.Path != "/run/a.pid" || got.Cwd != "/home" {
		t.Errorf("paths: %+v", got)
	}
	if got.Env["OTHER"] != "/home" || got.Env["CORTEX_HOME"] != "elsewhere" {
		t.Errorf("environment: %v", got.Env)
	}
	if !got.Ready.Alive || got.Stop.Signal != "TERM" || got.Stop.Grace != "10s" {
		t.Errorf("defaults: %+v %+v", got.Ready, got.Stop)
	}
}

func TestSelect(t *testing.T) {
	r := &Registry{Daemons: daemons("a", "b:c", "c")}
	if err := r.Complete("/home"); err != nil {
		t.Fatal(err)
	}
	for _, all := range [][]string{nil, {"all"}} {
		if got, err := r.Select(all); err != nil || len(got) != 3 {
			t.Errorf("Select(%v): %d daemons, error %v", all, len(got), err)
		}
	}
	got, err := r.Select([]string{"b", "c"})
	if err != nil || len(got) != 2 || got[0].Name != "c" {
		t.Errorf("starting order is not kept: %v, %v", got, err)
	}
	if _, err := r.Select([]string{"x"}); err == nil {
		t.Error("an unknown daemon was selected")
	}
}
