package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cortexlua/cortexlua/cmd/cortexlua/internal/supervise"
	"github.com/cortexlua/cortexlua/runtime"
)

// version is set at build time by -ldflags "-X main.version=...".
var version = ""

// versionText is the version, or else the revision that this was built from.
func versionText() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "development"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return "development " + s.Value
		}
	}
	return "development " + info.Main.Version
}

// usageError is a mistake in the words of the command line.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// exitError ends the program with a code after everything was already said.
type exitError struct{ code int }

func (e exitError) Error() string { return fmt.Sprintf("exit code %d", e.code) }

// exitCodes is shown in every command's help.
const exitCodes = `Exit codes:
  0 done            1 failed          2 wrong usage      3 denied
  4 conflict        5 unhealthy       124 timeout        125 memory or output limit
  126 the runtime itself failed       130, 143 stopped by SIGINT, SIGTERM`

// program runs one command line and returns the exit code.
func program(parent *supervise.Child, args []string, stdout, stderr io.Writer) int {
	surviveClosedPipe()
	if os.Getenv("PATH") == "" { // cron and env -i: programs such as git are found all the same
		_ = os.Setenv("PATH", searchPath(""))
	}
	m := thisMachine()
	m.parent = parent
	root := newRoot(m)
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.Execute()
	if err == nil {
		return runtime.ExitDone
	}
	return report(stderr, err)
}

// report says what went wrong and gives the exit code.
func report(stderr io.Writer, err error) int {
	var done exitError
	var usage usageError
	var runHelp runHelpError
	switch {
	case errors.As(err, &done):
		return done.code
	case errors.As(err, &runHelp):
		fmt.Fprintf(stderr, "cortexlua: %s\n", err)
		return runtime.ExitUsage
	case errors.As(err, &usage), isCobraUsage(err):
		fmt.Fprintf(stderr, "cortexlua: %s\n  next: cortexlua help\n", err)
		return runtime.ExitUsage
	}
	fmt.Fprintf(stderr, "cortexlua: %s\n", err)
	return runtime.ExitCode(err)
}

// isCobraUsage tells cobra's own complaints about words, which have no type.
func isCobraUsage(err error) bool {
	for _, start := range []string{"unknown command", "unknown flag", "unknown shorthand", "accepts ", "requires ", "flag needs", "invalid argument"} {
		if strings.HasPrefix(err.Error(), start) {
			return true
		}
	}
	return false
}

func newRoot(m machine) *cobra.Command {
	root := &cobra.Command{
		Use:   "cortexlua",
		Short: "Run operators' procedures safely, as editable Lua runbooks",
		Long: `cortexlua runs operators' procedures as editable Lua runbooks: start, stop,
restart, upgrade, roll back and look at daemons, with time limits, a plan before
and a way back after.

  cortexlua demo                  see the main job on a throw-away home
  cortexlua list                  the runbooks, and what each may cost
  cortexlua run status            run one; also: cortexlua run ./my.lua
  cortexlua run upgrade --help    its parameters
  cortexlua run upgrade --dry-run what it would change
  cortexlua inspect upgrade       what it may do, without running it

` + exitCodes,
		Version:           versionText(),
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: false},
		Args:              unknownCommand,
		RunE:              func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetVersionTemplate("cortexlua {{.Version}}\n")
	root.AddCommand(newRun(m), newList(), newInspect(m), newDoc(), newDemo(m), newLimitsTopic())
	return root
}

// unknownCommand points to run when the word is a runbook's name: the most
// likely slip.
func unknownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	lib := newLibrary(findHome("", os.Getenv))
	if _, err := lib.runbook(args[0]); err == nil {
		return usagef("%q is a runbook, not a command: cortexlua run %s", args[0], strings.Join(args, " "))
	}
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	return usagef("unknown command %q%s", args[0], runtime.Suggest(args[0], append(names, lib.names()...)))
}
