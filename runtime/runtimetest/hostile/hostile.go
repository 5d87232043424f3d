// Package hostile is a corpus of hostile and clumsy Lua scripts, for the tests of
// the machine (runtime/internal/vm) and of the whole program (cmd/cortexlua).
//
// A correct host ends each of them at most 250 ms after its deadline, with at most
// 256 MiB for the whole process tree, without a crash, with nothing left running
// and nothing changed outside the script's own home. A script prints ESCAPED when
// it got through.
//
// A script begins with comment lines that say what it is:
//
//	-- expect: timeout|memory|denied|error|ok | attacks: what it tries
//	-- needs: fs.write, process.spawn          what the operator allows it beside looking
//	-- setup: mkfifo pipe                       a shell command, run in its home before
//	-- run: --dry-run                           further words for cortexlua run
//	-- more: 2s                                 time it may have after its deadline, to clean up
//	-- stdout: stuck                            nobody reads what it prints
//
// Only the first is needed. Those of language/ need nothing but the language;
// those of program/ attack the primitives and run only through the program.
package hostile

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"
)

//go:embed language/*.lua program/*.lua
var files embed.FS

// Outcomes that a script may expect. Ending a script earlier with an ordinary
// error is always right.
const (
	Timeout = "timeout" // it would run for ever
	Memory  = "memory"  // it would use more than it may
	Denied  = "denied"  // it tries what it may not
	Error   = "error"   // it fails by itself, or cannot even be compiled
	OK      = "ok"      // it looks for a way through, finds none and prints OK
)

// Script is one attack.
type Script struct {
	Name    string        // such as "t01_while"
	Expect  string        // one of the outcomes above
	Attacks string        // what it tries, in words
	Program bool          // it attacks primitives, which the bare machine has not
	Needs   []string      // permissions that it is given
	Setup   string        // shell commands that make what it finds in its home
	Run     []string      // further words of the command line
	More    time.Duration // what it may have after its deadline
	Stuck   bool          // nobody reads its standard output before it has ended
	Text    string
}

// Scripts gives the whole corpus: the files, then the generated sources.
func Scripts() ([]Script, error) {
	var out []Script
	for _, dir := range []string{"language", "program"} {
		entries, err := fs.ReadDir(files, dir)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			text, err := files.ReadFile(path.Join(dir, e.Name()))
			if err != nil {
				return nil, err
			}
			s := Script{Name: strings.TrimSuffix(e.Name(), ".lua"), Program: dir == "program", Text: string(text)}
			if err := s.readHead(); err != nil {
				return nil, fmt.Errorf("cannot read %s/%s: %w", dir, e.Name(), err)
			}
			out = append(out, s)
		}
	}
	return append(out, sources()...), nil
}

// readHead reads the comment lines that a script begins with.
func (s *Script) readHead() error {
	for line := range strings.Lines(s.Text) {
		word, value, ok := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "-- "), ": ")
		if !strings.HasPrefix(line, "-- ") || !ok {
			break
		}
		if err := s.headLine(word, value); err != nil {
			return err
		}
	}
	switch s.Expect {
	case Timeout, Memory, Denied, Error, OK:
		return nil
	}
	return fmt.Errorf("its first line expects %q, which is no outcome", s.Expect)
}

func (s *Script) headLine(word, value string) (err error) {
	switch word {
	case "expect":
		s.Expect, s.Attacks, _ = strings.Cut(value, " | attacks: ")
	case "needs":
		s.Needs = strings.Split(value, ", ")
	case "setup":
		s.Setup += value + "\n"
	case "run":
		s.Run = strings.Fields(value)
	case "stdout":
		s.Stuck = value == "stuck"
	case "more":
		s.More, err = time.ParseDuration(value)
	}
	return err
}
