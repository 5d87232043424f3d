// Package registry is the list of daemons that a home runs: how each is started,
// where its log and pidfile are, what it needs before it, when it is ready and
// how it stops. Operators keep it as one Lua file that returns a table.
package registry

import (
	"fmt"
	"path/filepath"
	"strings"
)

// Registry is the content of a registry file.
type Registry struct {
	Home    Home              `lua:"home,opt" doc:"how daemons learn where their home is"`
	Roots   map[string]string `lua:"roots,opt" doc:"named folders for permissions, beside home, state, backups, logs and run"`
	Release Release           `lua:"release,opt" doc:"what an upgrade checks, backs up and switches"`
	Daemons []Daemon          `lua:"daemons" doc:"the daemons"`

	// Path is the file it was read from.
	Path string `lua:"-"`

	byName map[string]int
}

// Home says how daemons learn where their home is.
type Home struct {
	Env []string `lua:"env,opt" doc:"environment variables set to the home for every daemon"`
}

// Release says what an upgrade works on. Paths are relative to the home.
type Release struct {
	Remote  string   `lua:"remote,opt" default:"origin" doc:"the git remote that releases come from"`
	Branch  string   `lua:"branch,opt" default:"main" doc:"the branch that releases are on"`
	Scripts []string `lua:"scripts,opt" doc:"patterns of scripts whose syntax is checked in the new tree, beside the daemons' own"`
	Backup  []string `lua:"backup,opt" doc:"folders that a backup holds and a rollback restores"`
	Exclude []string `lua:"exclude,opt" doc:"paths within them that are left alone"`
	State   []string `lua:"state,opt" doc:"files that daemons write although git tracks them, or folders of such: what is changed in them does not make the tree dirty, and wins over a new release"`
	Queue   string   `lua:"queue,opt" doc:"the queue of work that must hold nothing critical in flight"`
	Git     Git      `lua:"git,opt" doc:"what git may do beyond the strictest"`
}

// Git says what git may do in the home's repository beyond the strictest. It is
// the operator's word, not a script's: each of these can make git run programs.
type Git struct {
	TrustOwner  bool     `lua:"trust_owner,opt" doc:"work in a repository that another user owns"`
	AllowConfig []string `lua:"allow_config,opt" doc:"keys of the repository's configuration that may run programs, such as filter.lfs.*"`
}

// check refuses folders that a backup cannot hold: each becomes a folder at the
// top of the archive, under its own name.
func (r *Release) check() error {
	for _, dir := range r.Backup {
		if dir == "" || dir == "." || dir == ".." || strings.Contains(dir, "/") {
			return fmt.Errorf("release.backup: %q must be the name of a folder directly in the home", dir)
		}
	}
	return nil
}

// Daemon is one long-running program.
type Daemon struct {
	Name    string            `lua:"name" doc:"the name operators type"`
	Purpose string            `lua:"purpose,opt" doc:"one line"`
	Command []string          `lua:"command" doc:"the program and its arguments; the program may be relative to the home"`
	Cwd     string            `lua:"cwd,opt" doc:"its working directory; default: the home"`
	Env     map[string]string `lua:"env,opt" doc:"environment variables beside those of the home"`
	Pidfile *Pidfile          `lua:"pidfile,opt" doc:"the file that names its process"`
	Log     string            `lua:"log,opt" doc:"its log file"`
	Stdout  string            `lua:"stdout,opt" default:"log" enum:"log,null" doc:"log: standard output and error are appended to the log; null: it opens its log itself"`
	After   []string          `lua:"after,opt" doc:"daemons that must be ready before it starts"`
	Ready   *Ready            `lua:"ready,opt" doc:"how to tell that it is ready; default: it is alive"`
	Settle  string            `lua:"settle,opt" default:"1s" doc:"how long it must stay ready to count as stable"`
	Stop    *Stop             `lua:"stop,opt" doc:"how it is stopped"`
	Confine bool              `lua:"confine,opt" doc:"the kernel holds it to what allow names"`
	Allow   []string          `lua:"allow,opt" doc:"with confine: permissions, such as fs.write:logs; default: those of the run that starts it"`
}

// Pidfile is the file that names a daemon's process.
type Pidfile struct {
	Path      string `lua:"path" doc:"the file, relative to the home or absolute"`
	WrittenBy string `lua:"written_by,opt" default:"manager" enum:"manager,daemon" doc:"whose job it is to write and remove it"`
}

// Ready is the probe that tells when a daemon can do its work. One of file, tcp,
// http, command, log and alive is given.
type Ready struct {
	File     string   `lua:"file,opt" doc:"a state file that must be newer than the start"`
	JSON     string   `lua:"json,opt" doc:"with file: a jq path to a time in it that must be fresh"`
	Fresh    string   `lua:"fresh,opt" doc:"with json: how old that time may be"`
	TCP      string   `lua:"tcp,opt" doc:"host:port that must accept a connection"`
	HTTP     string   `lua:"http,opt" doc:"URL that must answer with a status below 400"`
	Command  []string `lua:"command,opt" doc:"a program that must end with code 0"`
	Log      string   `lua:"log,opt" doc:"a regular expression that a new line of the log must match"`
	Alive    bool     `lua:"alive,opt" doc:"being alive is enough"`
	Timeout  string   `lua:"timeout,opt" default:"30s" doc:"how long it may take"`
	Interval string   `lua:"interval,opt" default:"100ms" doc:"the time between tries of tcp, http and command"`
}

// Stop is how a daemon is stopped.
type Stop struct {
	Signal string `lua:"signal,opt" default:"TERM" enum:"TERM,INT,QUIT,HUP,USR1,USR2" doc:"the signal that asks it to end"`
	Grace  string `lua:"grace,opt" default:"10s" doc:"how long it may take before it is killed"`
}

// Complete checks the registry, fills what was left out, and makes every path
// absolute under home. Daemons come out in the order in which they start.
func (r *Registry) Complete(home string) error {
	r.byName = make(map[string]int, len(r.Daemons))
	for i := range r.Daemons {
		d := &r.Daemons[i]
		if _, twice := r.byName[d.Name]; twice {
			return fmt.Errorf("the daemon %q is declared twice", d.Name)
		}
		r.byName[d.Name] = i
		if err := d.complete(home, r.Home.Env); err != nil {
			return fmt.Errorf("daemon %q: %w", d.Name, err)
		}
	}
	if err := r.Release.check(); err != nil {
		return err
	}
	for name, dir := range r.Roots {
		r.Roots[name] = under(home, dir)
	}
	if r.Release.Queue != "" {
		r.Release.Queue = under(home, r.Release.Queue)
	}
	return r.sort()
}

func (d *Daemon) complete(home string, homeEnv []string) error {
	if err := CheckName(d.Name); err != nil {
		return err
	}
	if len(d.Command) == 0 {
		return fmt.Errorf("command is empty")
	}
	if strings.Contains(d.Command[0], "/") {
		d.Command[0] = under(home, d.Command[0])
	}
	env := make(map[string]string, len(d.Env)+len(homeEnv))
	for _, name := range homeEnv {
		env[name] = home
	}
	for k, v := range d.Env {
		env[k] = v
	}
	d.Env = env
	d.Cwd = under(home, d.Cwd)
	if d.Log != "" {
		d.Log = under(home, d.Log)
	} else {
		d.Stdout = "null"
	}
	if len(d.Allow) > 0 && !d.Confine {
		return fmt.Errorf("allow says what it may do when confined: add confine = true")
	}
	if d.Pidfile != nil {
		d.Pidfile.Path = under(home, d.Pidfile.Path)
	}
	if d.Ready == nil {
		d.Ready = &Ready{Alive: true, Timeout: "30s", Interval: "100ms"}
	}
	if d.Stop == nil {
		d.Stop = &Stop{Signal: "TERM", Grace: "10s"}
	}
	return d.Ready.complete(home, d.Log)
}

// complete checks that exactly one probe is named.
func (p *Ready) complete(home, log string) error {
	given := 0
	for _, set := range []bool{p.File != "", p.TCP != "", p.HTTP != "", len(p.Command) > 0, p.Log != "", p.Alive} {
		if set {
			given++
		}
	}
	switch {
	case given != 1:
		return fmt.Errorf("ready needs exactly one of file, tcp, http, command, log and alive, and has %d", given)
	case (p.JSON != "" || p.Fresh != "") && p.File == "":
		return fmt.Errorf("ready has json or fresh without file")
	case p.Log != "" && log == "":
		return fmt.Errorf("ready waits for a line of the log, but the daemon has no log")
	}
	if p.File != "" {
		p.File = under(home, p.File)
	}
	return nil
}

// CheckName tells why a text cannot be the name of a daemon. Names become file names.
func CheckName(name string) error {
	for i, c := range name {
		letter := c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
		if !letter && (i == 0 || c != '-' && c != '_' && c != '.') {
			return fmt.Errorf("the name must be lower-case letters, digits, dashes, dots and underscores")
		}
	}
	if name == "" || len(name) > 64 {
		return fmt.Errorf("the name must have 1 to 64 characters")
	}
	if name == "all" {
		return fmt.Errorf("the name %q stands for every daemon", name)
	}
	return nil
}

func under(home, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(home, path)
}
