// Package shsyntax tells whether a shell script parses, without running any of
// it: the "bash -n" of an upgrade's gate, some fifty times faster.
//
// The parser is mvdan.cc/sh, in this process. It is another parser than the
// shell that will run the script, so it only has the first word: what it accepts
// is accepted, but for the few constructs known to be judged differently; what it
// rejects is put to the shell itself ("bash -n", which reads and does not run),
// where that shell is installed. Scripts that are very large or very deeply
// nested go to the shell directly, because a recursive parser in our own process
// would exhaust its stack, which in Go ends the process.
//
// The package is the only owner of mvdan.cc/sh.
package shsyntax

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"mvdan.cc/sh/v3/syntax"
)

// ErrNotShell says that the file is no shell script, so it was not checked.
var ErrNotShell = errors.New("not a shell script")

// ErrCannotTell says that our parser rejects the script or cannot read it, and
// the shell that could judge is missing or gave no verdict.
var ErrCannotTell = errors.New("cannot tell")

// SyntaxError is a script that does not parse. Line and Col count from 1; Col is
// 0 where the shell gave none.
type SyntaxError struct {
	Name string
	Line int
	Col  int
	Text string
	By   string // who judged: "parser", or the shell's name
}

func (e *SyntaxError) Error() string {
	if e.Col == 0 {
		return fmt.Sprintf("%s:%d: %s", e.Name, e.Line, e.Text)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.Name, e.Line, e.Col, e.Text)
}

// Checker says how to judge; the zero value is the ordinary way.
type Checker struct {
	// Always asks the shell too when our parser accepts (some 8 ms a script).
	Always bool
	// Never asks no shell: what our parser rejects is a *SyntaxError, what it
	// cannot read is ErrCannotTell.
	Never bool
	// Timeout of one shell; 0 is 10 s.
	Timeout time.Duration
}

// Check is Checker{}.Check.
func Check(ctx context.Context, name string, src []byte) error {
	return Checker{}.Check(ctx, name, src)
}

// Check parses a script. The dialect goes by the #! line, or without one by the
// ending of the name (.sh, .bash). It returns nil, *SyntaxError, an error that is
// ErrNotShell, or one that is ErrCannotTell.
func (c Checker) Check(ctx context.Context, name string, src []byte) error {
	shell := Interpreter(src)
	if shell == "" {
		shell = byName(name, src)
	}
	variant, ok := variantOf(shell)
	if !ok {
		what := "it has no #! line"
		if shell != "" {
			what = "it is for " + shell
		}
		return fmt.Errorf("%w: %s: %s", ErrNotShell, name, what)
	}
	if tooDeep(src) {
		return c.ask(ctx, shell, name, src, errors.New("it is too large or too deeply nested for the built-in parser"))
	}
	doubt, err := parse(name, variant, src)
	if err == nil && !doubt && !c.Always {
		return nil
	}
	if c.Never {
		return err
	}
	return c.ask(ctx, shell, name, src, err)
}

// Interpreter returns the base name of the program in the #! line ("bash",
// "python3"; looked for behind env and its options), or "" if there is none.
// An ELF file gives "elf".
func Interpreter(src []byte) string {
	if bytes.HasPrefix(src, []byte("\x7fELF")) {
		return "elf"
	}
	line, _, _ := bytes.Cut(src[:min(len(src), 256)], []byte("\n"))
	rest, ok := bytes.CutPrefix(line, []byte("#!"))
	if !ok {
		return ""
	}
	words := strings.Fields(string(rest))
	if len(words) == 0 {
		return ""
	}
	prog := path.Base(words[0])
	if prog != "env" {
		return prog
	}
	for _, w := range words[1:] {
		if strings.HasPrefix(w, "-") || strings.Contains(w, "=") {
			continue // -S, -i, NAME=value
		}
		return path.Base(w)
	}
	return "env"
}

// byName: a file without #! that is started by name runs under sh or bash; it is
// text at least.
func byName(name string, src []byte) string {
	if bytes.IndexByte(src[:min(len(src), 4096)], 0) >= 0 {
		return ""
	}
	switch path.Ext(name) {
	case ".sh", ".bash":
		return "bash"
	}
	return ""
}

func variantOf(shell string) (syntax.LangVariant, bool) {
	switch shell {
	case "bash", "rbash":
		return syntax.LangBash, true
	case "sh", "dash", "ash":
		return syntax.LangPOSIX, true
	case "ksh", "ksh93", "mksh", "lksh":
		return syntax.LangMirBSDKorn, true
	}
	return 0, false
}

// parse returns what our parser says, and whether it doubts its own approval.
func parse(name string, variant syntax.LangVariant, src []byte) (doubt bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the built-in parser failed: %v", p)
		}
	}()
	f, perr := syntax.NewParser(syntax.Variant(variant)).Parse(bytes.NewReader(src), name)
	if perr != nil {
		return false, asSyntaxError(name, perr)
	}
	return doubtful(f, src), nil
}

// doubtful knows what mvdan/sh accepts and bash may not: extended globs are
// only syntax once "shopt -s extglob" has run. Inside [[ ]] and case patterns
// that does not matter as much, but asking costs little.
func doubtful(f *syntax.File, src []byte) bool {
	found := false
	syntax.Walk(f, func(n syntax.Node) bool {
		if _, ok := n.(*syntax.ExtGlob); ok {
			found = true
		}
		return !found
	})
	// A zero byte is dropped or ends the file, depending on the shell.
	return found || bytes.IndexByte(src, 0) >= 0
}

func asSyntaxError(name string, err error) error {
	var pe syntax.ParseError
	if errors.As(err, &pe) {
		return &SyntaxError{name, int(pe.Pos.Line()), int(pe.Pos.Col()), pe.Text, "parser"}
	}
	var le syntax.LangError
	if errors.As(err, &le) {
		return &SyntaxError{name, int(le.Pos.Line()), int(le.Pos.Col()), le.Feature + " is not a feature of this shell", "parser"}
	}
	return err
}
