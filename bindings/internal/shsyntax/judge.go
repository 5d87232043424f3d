package shsyntax

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ask lets the shell judge. first is what our parser said; nil if it accepted.
func (c Checker) ask(ctx context.Context, shell, name string, src []byte, first error) error {
	program, err := exec.LookPath(shell)
	if err != nil && shell == "rbash" {
		program, err = exec.LookPath("bash")
	}
	if c.Never {
		err = exec.ErrNotFound
	}
	if err != nil {
		if first == nil {
			return nil // accepted by the parser, and nobody else to ask
		}
		return fmt.Errorf("%w whether %s parses: %w (and %s is not installed to judge)", ErrCannotTell, name, first, shell)
	}
	timeout := c.Timeout
	if timeout <= 0 {
		timeout = 10 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, shellArgs(shell, src)...)
	// An empty environment: BASH_ENV and ENV name files that would be run, and
	// exported functions are code.
	cmd.Env = []string{"LC_ALL=C", "PATH=/nonexistent"}
	cmd.Dir = "/"
	cmd.Stdin = bytes.NewReader(src)
	said := &firstBytes{}
	cmd.Stderr = said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: 0}
	cmd.WaitDelay = time.Second
	err = cmd.Run()
	return verdict(ctx, shell, name, string(said.data), err, first)
}

func verdict(ctx context.Context, shell, name, said string, err, first error) error {
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%w whether %s parses: %s did not end: %w", ErrCannotTell, name, shell, context.Cause(ctx))
	case err == nil:
		return nil
	case errors.As(err, &exit) && exit.Exited():
		e := shellError(shell, name, said)
		var own *SyntaxError
		if errors.As(first, &own) && (e.Line == 0 || e.Line == own.Line) {
			e.Line, e.Col = own.Line, own.Col // the parser knows the column
		}
		return e
	}
	return fmt.Errorf("%w whether %s parses: %s failed: %w", ErrCannotTell, name, shell, err)
}

// shellArgs: -n reads and does not run. bash needs telling that the script turns
// extended globs on, since it does not run the line that does so.
func shellArgs(shell string, src []byte) []string {
	switch shell {
	case "bash", "rbash":
		args := []string{"--norc", "--noprofile"}
		if bytes.Contains(src, []byte("extglob")) {
			args = append(args, "-O", "extglob")
		}
		return append(args, "-n", "-s")
	}
	return []string{"-n", "-s"}
}

// shellError reads "bash: line 3: syntax error near ..." and dash's
// "sh: 3: Syntax error: ...".
func shellError(shell, name, said string) *SyntaxError {
	e := &SyntaxError{Name: name, By: shell, Text: "syntax error"}
	for line := range strings.Lines(said) {
		parts := strings.SplitN(strings.TrimSpace(line), ": ", 3)
		if len(parts) < 3 {
			continue
		}
		n, err := strconv.Atoi(strings.TrimPrefix(parts[1], "line "))
		if err != nil || strings.HasPrefix(parts[2], "warning: ") {
			continue
		}
		e.Line, e.Text = n, parts[2]
		break
	}
	return e
}

// firstBytes keeps the beginning of what is written and lets the rest go.
type firstBytes struct{ data []byte }

func (f *firstBytes) Write(b []byte) (int, error) {
	const keep = 8 << 10
	if room := keep - len(f.data); room > 0 {
		f.data = append(f.data, b[:min(len(b), room)]...)
	}
	return len(b), nil
}
