package proc

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// homeVars are the variables by which a daemon learns its home; older scripts read
// the second.
func homeVars() []string { return []string{"CORTEX_HOME", "COMMIT_RELAY_HOME"} }

// MatchProgram reports whether the process that holds pid is an instance of a
// program: argv as it is written in the registry, relative paths meaning files
// below home. If not, why says what differs: "runs /bin/sleep 100".
//
// The proof has three parts. The command line is the same, argument by argument:
// a script may have been started through its #! line or by naming its
// interpreter, whose own options do not count, and its path is compared after
// resolving it against the working directory. The process belongs to this home:
// by CORTEX_HOME or COMMIT_RELAY_HOME in its environment, else by its working
// directory, else because the program's file lies below home. And it is run by
// this user, or we are root.
func MatchProgram(pid int, argv []string, home string) (matches bool, why string) {
	want := newCommand(argv, home)
	proc, err := readCandidate(pid)
	if err != nil {
		return false, err.Error()
	}
	return proc.is(want)
}

// command is a program as the registry names it.
type command struct {
	home  string
	lines []commandLine // the command lines under which it may run
}

// commandLine is one command line, taken apart.
type commandLine struct {
	program string   // what is executed: base name, or a path where it has a slash
	script  string   // absolute path of the script that it interprets; "" for none
	args    []string // what follows
}

// newCommand works out how a program shows in the list of processes.
func newCommand(argv []string, home string) command {
	c := command{home: filepath.Clean(home)}
	if len(argv) == 0 || argv[0] == "" {
		return c
	}
	c.lines = append(c.lines, takeApart(argv, c.home))
	path, err := resolve(argv[0], c.home, os.Environ())
	if err != nil && strings.Contains(argv[0], "/") {
		path = absolute(c.home, argv[0]) // a file that lost its x bit may still be running
	}
	if interp := unwrapEnv(shebang(path)); len(interp) > 0 {
		c.lines = append(c.lines, commandLine{program: interp[0], script: path, args: argv[1:]})
	}
	return c
}

// unwrapEnv turns "/usr/bin/env bash" and "/usr/bin/env -S bash -e" into "bash".
func unwrapEnv(interp []string) []string {
	if len(interp) < 2 || filepath.Base(interp[0]) != "env" {
		return interp
	}
	for _, word := range strings.Fields(interp[1]) {
		if !strings.HasPrefix(word, "-") && !strings.Contains(word, "=") {
			return []string{word}
		}
	}
	return interp
}

// takeApart splits a command line into interpreter, script and arguments. A word
// after the program is the script if it names an existing file or holds a slash;
// options of a shell before it ("bash -e script") are skipped.
func takeApart(argv []string, dir string) commandLine {
	line := commandLine{program: argv[0], args: argv[1:]}
	rest := argv[1:]
	if isShell(filepath.Base(argv[0])) {
		rest = skipOptions(rest)
	}
	if len(rest) == 0 || strings.HasPrefix(rest[0], "-") {
		return line
	}
	path := absolute(dir, rest[0])
	info, err := os.Stat(path)
	if strings.Contains(rest[0], "/") || err == nil && info.Mode().IsRegular() {
		line.script, line.args = path, rest[1:]
	}
	return line
}

func isShell(base string) bool {
	return slices.Contains([]string{"sh", "bash", "dash", "ash", "ksh", "zsh"}, strings.TrimPrefix(base, "-"))
}

// skipOptions skips a shell's options up to its script. It returns nil if there
// is none because the command is given in the arguments (-c) or on stdin (-s).
func skipOptions(args []string) []string {
	for len(args) > 0 {
		opt := args[0]
		switch {
		case opt == "--":
			return args[1:]
		case len(opt) < 2 || opt[0] != '-' && opt[0] != '+':
			return args
		case strings.HasPrefix(opt, "--"):
			args = args[1:]
		case strings.ContainsAny(opt, "cs"):
			return nil
		case strings.ContainsAny(opt, "oO") && len(args) > 1: // takes a name: -o pipefail
			args = args[2:]
		default:
			args = args[1:]
		}
	}
	return nil
}

// candidate is a process whose command line is read.
type candidate struct {
	pid  int
	argv []string
}

func readCandidate(pid int) (candidate, error) {
	argv, err := Cmdline(pid)
	if err != nil {
		return candidate{}, err
	}
	if len(argv) == 0 {
		return candidate{}, fmt.Errorf("pid %d has no command line: it has ended or is the kernel's", pid)
	}
	return candidate{pid, argv}, nil
}

// is holds the process against a program.
func (c candidate) is(want command) (bool, string) {
	var uid int
	var err error
	if uid, err = UID(c.pid); err != nil {
		return false, err.Error()
	}
	if us := os.Geteuid(); us != 0 && us != uid {
		return false, fmt.Sprintf("pid %d belongs to uid %d", c.pid, uid)
	}
	cwd, err := Cwd(c.pid)
	if err != nil {
		return false, err.Error()
	}
	got := takeApart(c.argv, cwd)
	for _, line := range want.lines {
		if c.sameLine(got, line, cwd, want.home) {
			return c.atHome(line, cwd, want.home)
		}
	}
	return false, fmt.Sprintf("pid %d runs %s", c.pid, shorten(strings.Join(c.argv, " ")))
}

func (c candidate) sameLine(got, want commandLine, cwd, home string) bool {
	if !slices.Equal(got.args, want.args) || (got.script == "") != (want.script == "") {
		return false
	}
	if want.script != "" && !samePath(got.script, want.script) {
		return false
	}
	if base := filepath.Base(want.program); want.script != "" && isShell(base) {
		return strings.TrimPrefix(filepath.Base(got.program), "-") == base
	}
	return c.sameProgram(got.program, want.program, cwd, home)
}

// sameProgram compares binaries: by path, or by the file that is executed when
// one of them was found in PATH.
func (c candidate) sameProgram(got, want, cwd, home string) bool {
	if strings.Contains(got, "/") && strings.Contains(want, "/") && samePath(absolute(cwd, got), absolute(home, want)) {
		return true
	}
	if filepath.Base(got) != filepath.Base(want) {
		return false
	}
	path, err := resolve(want, home, os.Environ())
	if err != nil {
		return false
	}
	exe, err := Exe(c.pid)
	return err == nil && samePath(exe, path)
}

// atHome proves that the process belongs to this home and not to another copy.
func (c candidate) atHome(line commandLine, cwd, home string) (bool, string) {
	env, err := Environ(c.pid)
	if err != nil {
		return false, err.Error()
	}
	named := ""
	for _, name := range homeVars() {
		value, ok := lookupEnv(env, name)
		if ok && value != "" {
			if samePath(value, home) {
				return true, ""
			}
			named = value
		}
	}
	switch {
	case named != "":
		return false, fmt.Sprintf("pid %d serves another home, %s", c.pid, named)
	case samePath(cwd, home):
		return true, ""
	case line.script != "" && below(line.script, home), line.script == "" && below(line.program, home):
		return true, ""
	}
	return false, fmt.Sprintf("pid %d is not of this home: it runs in %s", c.pid, cwd)
}

// below reports whether an absolute path lies inside a directory.
func below(path, dir string) bool {
	return strings.HasPrefix(path, strings.TrimSuffix(dir, "/")+"/")
}

// samePath compares two absolute paths as they are written, then as files, since
// the kernel shows directories without the symbolic links that led there.
func samePath(a, b string) bool {
	if filepath.Clean(a) == filepath.Clean(b) {
		return true
	}
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errors.Join(errX, errY) == nil && os.SameFile(x, y)
}

// shorten cuts what a message quotes.
func shorten(s string) string {
	const most = 120
	if len(s) <= most {
		return s
	}
	return s[:most] + "..."
}
