package shsyntax

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestInterpreter(t *testing.T) {
	for src, want := range map[string]string{
		"#!/bin/bash\n": "bash", "#!/bin/sh -eu\n": "sh", "#! /usr/bin/env  bash\n": "bash", "#!/usr/bin/env -S bash -x\n": "bash",
		"#!/usr/bin/env -i A=b python3\n": "python3", "": "", "#!": "", "#!/usr/bin/env\n": "env", "echo\n#!/bin/sh": "", "\x7fELF\x02": "elf", "#!/usr/bin/node": "node",
	} {
		if got := Interpreter([]byte(src)); got != want {
			t.Errorf("%q is for %q, want %q", src, got, want)
		}
	}
}

func TestNotShell(t *testing.T) {
	for name, src := range map[string]string{"a.py": "#!/usr/bin/env python3\nprint(", "a": "\x7fELF", "b": "no line", "c.sh": "\x00\x01", "d": "#!/usr/bin/node\n"} {
		if err := Check(t.Context(), name, []byte(src)); !errors.Is(err, ErrNotShell) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPlaceOfTheError(t *testing.T) {
	src := "#!/bin/bash\necho ok\nfor f in a b 2>/dev/null; do\n  echo $f\ndone\n"
	err := Check(t.Context(), "scripts/metrics.sh", []byte(src))
	var se *SyntaxError
	if !errors.As(err, &se) || se.Line != 3 || !strings.HasPrefix(err.Error(), "scripts/metrics.sh:3") {
		t.Errorf("%v", err)
	}
	if err := (Checker{Never: true}).Check(t.Context(), "x", []byte("#!/bin/bash\nif true; then\n")); !errors.As(err, &se) || se.Col == 0 {
		t.Errorf("%v", err)
	}
}

// TestNothingIsRun tries every way in which a shell may run something while it
// only reads.
func TestNothingIsRun(t *testing.T) {
	ran := t.TempDir() + "/ran"
	t.Setenv("BASH_ENV", ran+".env")
	t.Setenv("ENV", ran+".env")
	if err := os.WriteFile(ran+".env", []byte("touch "+ran+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("BASH_FUNC_if%%", "() { touch "+ran+"; }")
	for _, shell := range []string{"bash", "sh"} {
		src := "#!/bin/" + shell + "\ntouch " + ran + "\n: $(touch " + ran + ") <(touch " + ran + ")\nset +n\ntrap 'touch " + ran + "' EXIT\ntouch " + ran + "\n"
		Checker{Always: true}.Check(t.Context(), "x", []byte(src))
		Checker{Always: true}.Check(t.Context(), "x", []byte(src+"fi\n"))
	}
	if _, err := os.Stat(ran); err == nil {
		t.Error("the check ran a command")
	}
}

// snippets where parsers are known to disagree, or could.
func snippets() []string {
	return []string{
		"echo hello", "if true; then echo; fi", "if true; then echo;", "fi", "for f in a 2>/dev/null; do :; done", "f() { :; }", "f() {",
		"a-b() { :; }", "function x { :; }", "cat <<E\nx\nE", "cat <<E\nx\n", "echo $((1+))", "echo $((1+2)", "((x++))", "[[ a == b ]]", "[[ a == ]]",
		"rm !(x)", "shopt -s extglob\nrm !(x)", "case x in a) :;; esac", "case x in a) :; esac", "case x in a :;; esac", "a=(1 2)", "a=(1 2", "echo 'x", "echo \"$(", "echo `date", "${x",
		"echo ${x:-y}", "while read l; do :; done < <(ls)", "select x in a; do :; done", "coproc x { :; }", "! ! true", "echo )", "(echo", "{ echo; }", "{ echo }",
		"[[ a =~ ^(b|c)$ ]]", "local x=1", "echo &; echo", "&& true", "true &&", "x=1 y", "declare -A m=([a]=1)", "for ((i=0;i<3;i++)); do :; done", "for ((i=0;i<3)); do :; done",
		"time sleep 0", "if; then :; fi", "while true; do done", "echo ${#x[@]}", "echo ${!x}", "echo ${x^^}", "echo $'a\\'b'", "<<<", "cat <<< x", "exec 3<>f", "echo ${}", "echo ${x y}", "if true then; fi",
		"case $x in (a|b) echo;; *) ;& esac", "x() ( echo )", "export a b=1", "return", "done", "}", "[[ -f x && ( -d y || ! -e z ) ]]", "[ a = b", "let x=1+", "echo \\", "trap 'x' EXIT", "until false; do break; done",
	}
}

// TestVerdictIsThatOfTheShell compares with bash -n for every snippet: the gate
// may neither let a broken script through nor stop a good one.
func TestVerdictIsThatOfTheShell(t *testing.T) {
	for _, shell := range []string{"bash", "sh"} {
		if _, err := exec.LookPath(shell); err != nil {
			t.Skip("no", shell)
		}
		for _, snippet := range snippets() {
			src := "#!/bin/" + shell + "\n" + snippet + "\n"
			args := []string{"-n"}
			if strings.Contains(snippet, "extglob") && shell == "bash" {
				args = []string{"-O", "extglob", "-n"}
			}
			cmd := exec.Command(shell, args...)
			cmd.Stdin = strings.NewReader(src)
			want := cmd.Run() == nil
			err := Check(t.Context(), "x", []byte(src))
			if got := err == nil; got != want {
				t.Errorf("%s: %q: accepted %v, the shell %v (%v)", shell, snippet, got, want, err)
			}
		}
	}
}

// TestDeepNestingDoesNotEndTheProcess: a stack overflow in Go cannot be caught.
func TestDeepNestingDoesNotEndTheProcess(t *testing.T) {
	const n = 300_000
	for i, src := range []string{
		strings.Repeat("(", n), strings.Repeat("{ ", n), strings.Repeat("$(", n), strings.Repeat("\"$(", n), strings.Repeat("if ", n), strings.Repeat("! ", n),
		"echo $((" + strings.Repeat("-", n) + "1))", "echo $((" + strings.Repeat("- ", n) + "1))", "echo $((" + strings.Repeat("!", n) + "1))", "[[ " + strings.Repeat("! ", n) + "x ]]", strings.Repeat("${a:-", n),
		strings.Repeat("while ", n), strings.Repeat("case x in a) ", n/4), strings.Repeat("f() ", n), strings.Repeat("time ", n), strings.Repeat("`", n), strings.Repeat("a[", n),
		"echo $((" + strings.Repeat("a?b:", n) + "1))", "echo $((" + strings.Repeat("a=", n) + "1))", "echo $((" + strings.Repeat("2**", n) + "1))", strings.Repeat("a && ", n) + "a", strings.Repeat("a | ", n) + "a",
		strings.Repeat("cat <<E\n", n/2), strings.Repeat("else if ", n/2), strings.Repeat("elif ", n), strings.Repeat("function f ", n/4), strings.Repeat("coproc ", n/2), "[[ " + strings.Repeat("a && ", n) + "a ]]", strings.Repeat("+(", n),
		strings.Repeat("f()\n", n), "echo $((" + strings.Repeat("a,", n) + "1))", "echo $((" + strings.Repeat("1+", n) + "1))",
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			Checker{Never: true}.Check(t.Context(), "x", []byte("#!/bin/bash\n"+src[:min(len(src), maxSource-100)]))
		})
	}
}

func FuzzCheck(f *testing.F) {
	for _, s := range snippets() {
		f.Add([]byte("#!/bin/bash\n" + s))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		err := Checker{Never: true}.Check(t.Context(), "x", src)
		var se *SyntaxError
		if err != nil && !errors.As(err, &se) && !errors.Is(err, ErrNotShell) && !errors.Is(err, ErrCannotTell) {
			t.Fatalf("untyped: %v", err)
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	src := []byte("#!/bin/bash\n" + strings.Repeat("if [ -f x ]; then\n  echo \"$(date) $x\" >> log\nfi\n", 100))
	for b.Loop() {
		if err := Check(b.Context(), "x", src); err != nil {
			b.Fatal(err)
		}
	}
}
