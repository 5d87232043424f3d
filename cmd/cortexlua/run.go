package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cortexlua/cortexlua/bindings"
	"github.com/cortexlua/cortexlua/cmd/cortexlua/internal/supervise"
	"github.com/cortexlua/cortexlua/runtime"
)

// runFlags are the flags that every run takes, beside the runbook's parameters.
type runFlags struct {
	home     string
	registry string
	dryRun   bool
	json     bool
	verbose  bool
	timeout  string
	allow    []string
	deny     []string
	policy   string
	confine  bool
}

func (f *runFlags) register(fs *pflag.FlagSet) {
	fs.StringVar(&f.home, "home", "", "the home to work on (default $CORTEX_HOME, then $COMMIT_RELAY_HOME)")
	fs.StringVar(&f.registry, "registry", "", "the registry file (default HOME/.cortexlua/registry.lua, then the shipped one)")
	fs.BoolVar(&f.dryRun, "dry-run", false, "show what would change, and change nothing")
	fs.BoolVar(&f.json, "json", false, "write the result as JSON on standard output")
	fs.BoolVarP(&f.verbose, "verbose", "v", false, "show every change and log line")
	fs.StringVar(&f.timeout, "timeout", "", "the time limit of the run, such as 5m (default: the runbook's)")
	fs.StringSliceVar(&f.allow, "allow", nil, "permissions for a script without a header, such as fs.write:logs")
	fs.StringSliceVar(&f.deny, "deny", nil, "permissions to refuse whatever the runbook asks for")
	fs.StringVar(&f.policy, "policy", "", "one more policy file, which can only narrow (see cortexlua doc permissions)")
	fs.Bool("in-process", false, "run without the parent process that watches a run from outside (see cortexlua help limits)")
	fs.BoolVar(&f.confine, "confine", false, "have the kernel hold every program that the script starts, but git, to the permissions of the run")
}

func newRun(m machine) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run RUNBOOK [parameters]",
		Short: "Run a runbook by name, or a Lua file by path",
		Long: `Run a runbook by name (the operator's own in HOME/.cortexlua/runbooks before the
shipped one), or a Lua file by path. Parameters of the runbook are flags:

  cortexlua run upgrade --help

Progress and logs go to standard error, results to standard output. The first
SIGINT or SIGTERM stops the run in order and undoes what it can; the second ends
it at once. Daemons that were started stay.

` + exitCodes,
		DisableFlagParsing: true, // the flags are known only once the runbook is
		ValidArgsFunction:  completeRunbooks,
		RunE: func(cmd *cobra.Command, args []string) error {
			return runRunbook(cmd, m, args)
		},
	}
	return cmd
}

func completeRunbooks(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveDefault
	}
	return newLibrary(findHome("", os.Getenv)).names(), cobra.ShellCompDirectiveDefault
}

// runRunbook finds the runbook, lets it declare its flags, and runs it.
func runRunbook(cmd *cobra.Command, m machine, args []string) error {
	var flags runFlags
	fs := pflag.NewFlagSet("run", pflag.ContinueOnError)
	fs.SetOutput(io.Discard)
	flags.register(fs)
	before, name, after, err := splitRunbook(fs, args)
	if err != nil {
		return err
	}
	if name == "" {
		return noRunbook(cmd, before)
	}
	// A first look at the flags finds the home, which decides where the runbook is.
	fs.ParseErrorsAllowlist.UnknownFlags = true
	if err := fs.Parse(slices.Concat(before, after)); err != nil && err != pflag.ErrHelp {
		return usageError{err}
	}
	s := &session{machine: m, flags: flags, stdout: cmd.OutOrStdout(), stderr: cmd.ErrOrStderr()}
	err = s.run(cmd.Context(), name, before, after)
	if flags.json {
		writeJSONFailure(s.stdout, name, err)
	}
	return err
}

// splitRunbook finds the runbook's name: the first word that is neither a flag
// nor the value of one. Only flags of every run may stand before it.
func splitRunbook(fs *pflag.FlagSet, args []string) (before []string, name string, after []string, err error) {
	for i := 0; i < len(args); i++ {
		if !strings.HasPrefix(args[i], "-") || args[i] == "-" {
			return args[:i], args[i], args[i+1:], nil
		}
		if args[i] == "-h" || args[i] == "--help" {
			continue
		}
		word, _, hasValue := strings.Cut(strings.TrimLeft(args[i], "-"), "=")
		flag := fs.Lookup(word)
		if len(word) == 1 {
			flag = fs.ShorthandLookup(word)
		}
		if flag == nil {
			return nil, "", nil, usagef("unknown flag %s before the runbook's name: parameters of a runbook come after it", args[i])
		}
		if !hasValue && flag.NoOptDefVal == "" {
			i++
		}
	}
	return args, "", nil, nil
}

func noRunbook(cmd *cobra.Command, args []string) error {
	for _, a := range args {
		if a == "-h" || a == "--help" {
			return cmd.Help()
		}
	}
	return usagef("which runbook? cortexlua run NAME; cortexlua list shows them")
}

// session is one run of a runbook from the command line.
type session struct {
	machine machine
	flags   runFlags
	home    string
	lib     *library
	stdout  io.Writer
	stderr  io.Writer
}

func (s *session) run(ctx context.Context, name string, before, after []string) error {
	s.home = findHome(s.flags.home, os.Getenv)
	s.lib = newLibrary(s.home)
	src, err := s.lib.runbook(name)
	if err != nil {
		return err
	}
	ctx, stop := withSignals(ctx, s.machine.parent)
	defer stop()

	host := bindings.NewHost(s.config())
	defer host.Close()
	reporter := newReporter(s.stderr, s.flags.verbose)
	defer reporter.close()
	rb, err := s.load(ctx, src, s.options(host, reporter))
	if err != nil {
		return err
	}
	given, err := s.params(rb, name, before, after)
	if err != nil || given == nil {
		return err
	}
	if rb.Header != nil && rb.Header.NeedsHome || s.flags.home != "" {
		if err := checkHome(s.home); err != nil {
			return err
		}
	}
	order, err := s.order(ctx, rb, given)
	if err != nil {
		return err
	}
	s.machine.parent.Limits(supervise.Limits{Memory: int64(rb.Limits().Memory)})
	res := rb.Run(ctx, order)
	reporter.close()
	s.show(res)
	return exitOf(res)
}

// load loads the runbook, in no more time than the operator gives the run.
func (s *session) load(ctx context.Context, src runtime.Source, o runtime.Options) (*runtime.Runbook, error) {
	if limit, err := runtime.ParseDuration(s.flags.timeout); err == nil && limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, limit, &runtime.DeadlineError{What: "loading " + src.Path, Limit: limit})
		defer cancel()
	}
	return runtime.Load(ctx, src, o)
}

func exitOf(res runtime.Result) error {
	if code := res.ExitCode(); code != runtime.ExitDone {
		return exitError{code}
	}
	return nil
}

func (s *session) config() bindings.Config {
	return bindings.Config{
		Home:      s.home,
		NoHome:    errNoHome(),
		StateDir:  filepath.Join(s.home, folder, "state"),
		ConfigDir: filepath.Join(s.home, folder),
		Path:      searchPath(os.Getenv("PATH")),
		UserHome:  os.Getenv("HOME"),
		User:      userName(),
		PID:       os.Getpid(),
		Registry:  func() (runtime.Source, error) { return s.lib.registry(s.flags.registry) },
		Confine:   s.flags.confine,
		OnDaemon:  s.machine.parent.Daemon,
	}
}

func (s *session) options(host *bindings.Host, reporter *reporter) runtime.Options {
	out := s.stdout
	if s.flags.json {
		out = s.stderr // standard output holds the result and nothing else
	}
	return runtime.Options{
		Modules:  bindings.All(host),
		Library:  s.lib.module,
		DryRun:   s.flags.dryRun,
		Home:     s.home,
		Stdout:   reporter.around(out),
		Observer: reporter,
		OnHang:   s.hung,
		OnDeadline: func(end time.Time, why string) {
			s.machine.parent.Deadline(end, why)
		},
	}
}

// hung ends the program when a script did not: the last wall within the process.
func (s *session) hung(reason error) {
	fmt.Fprintf(s.stderr, "cortexlua: the script did not stop: %s\n", reason)
	s.machine.parent.Exit(runtime.ExitCode(reason))
}

// show writes the result: JSON on standard output, or nothing more than the
// reporter has already said.
func (s *session) show(res runtime.Result) {
	if s.flags.json {
		writeJSON(s.stdout, res, res.ExitCode())
		return
	}
	showResult(s.stderr, res, s.flags.verbose)
}
