package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cortexlua/cortexlua/cmd/cortexlua/internal/demohome"
	"github.com/cortexlua/cortexlua/runtime"
)

func newDemo(m machine) *cobra.Command {
	var dir string
	var keep bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See the main job done on a throw-away home, in under a minute",
		Long: `Make a throw-away home with eight real daemons and a git origin, and run the
shipped runbooks on it: start all, status, upgrade to a good release, upgrade to a
bad one (which must bring the old one back by itself), restart one, stop all. Each
outcome is checked; the exit code is not 0 if anything was not as it should be.

It needs git and /bin/sh. It leaves no process, and no file unless asked to.

` + exitCodes,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := withSignals(cmd.Context(), m.parent)
			defer stop()
			return runDemo(ctx, dir, keep || dir != "", cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "make the home here (empty or absent), and keep it")
	cmd.Flags().BoolVar(&keep, "keep", false, "keep the home to look at it afterwards")
	return cmd
}

// demo is one demonstration. Its scenes run this very program, as an operator
// would.
type demo struct {
	home   *demohome.Home
	self   string // the path of this program
	out    io.Writer
	errOut io.Writer
	style  style

	old    string         // the commit to be found again after a failed upgrade
	before map[string]int // pids seen at the last status
}

// scene is one command of the demonstration and what must come of it.
type scene struct {
	title  string
	args   []string
	exit   int
	before func(context.Context) error // what happens outside, such as a new release
	check  func(context.Context) error
}

func runDemo(ctx context.Context, dir string, keep bool, out, errOut io.Writer) (err error) {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("cannot find this program: %w", err)
	}
	started := time.Now()
	home, err := demohome.Build(ctx, dir, demohome.Options{})
	if err != nil {
		return err
	}
	d := &demo{home: home, self: self, out: out, errOut: errOut, style: styleFor(out)}
	fmt.Fprintf(out, "a home with eight daemons and a git origin: %s\n", home.Dir)
	defer func() {
		if cleanErr := d.cleanUp(keep); err == nil {
			err = cleanErr
		}
		if err == nil {
			fmt.Fprintf(out, "\n%s in %s: everything was as it should be\n", d.style.green("done"), tookText(time.Since(started)))
		}
	}()
	for i, s := range d.scenes() {
		if err := d.play(ctx, i+1, s); err != nil {
			return fmt.Errorf("demo: %s: %w", s.title, err)
		}
	}
	return nil
}

func (d *demo) scenes() []scene {
	return []scene{
		{title: "start all daemons", args: []string{"run", "start-all"}, check: d.allRun},
		{title: "look at them", args: []string{"run", "status"}},
		{title: "upgrade to a good release", args: []string{"run", "upgrade", "--watch", "2s"}, before: d.publish(demohome.Good), check: d.isUpgraded},
		{
			title: "upgrade to a release whose worker dies after 2 s: the old one must come back",
			args:  []string{"run", "upgrade", "--watch", "2s"}, exit: runtime.ExitFailed,
			before: d.publish(demohome.Bad), check: d.isBack,
		},
		{title: "restart one daemon", args: []string{"run", "restart", "worker"}, check: d.workerIsNew},
		{title: "stop all daemons", args: []string{"run", "stop-all"}, check: d.nothingRuns},
	}
}

// play runs one scene and holds its outcome against what must be.
func (d *demo) play(ctx context.Context, n int, s scene) error {
	if s.before != nil {
		if err := s.before(ctx); err != nil {
			return err
		}
	}
	fmt.Fprintf(d.out, "\n%s\n", d.style.bold(fmt.Sprintf("%d. %s", n, s.title)))
	fmt.Fprintf(d.out, "$ cortexlua %s --home %s\n", strings.Join(s.args, " "), d.home.Dir)
	cmd := d.command(ctx, s.args...)
	cmd.Stdout, cmd.Stderr = d.out, d.out // one story, in order
	code, err := exitCode(cmd.Run())
	if err != nil {
		return err
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if code != s.exit {
		return fmt.Errorf("the exit code is %d, not %d", code, s.exit)
	}
	if s.check != nil {
		return s.check(ctx)
	}
	return nil
}

// command is this program on the demo's home. A signal to the demo reaches it
// too, so it is asked to end in order and not killed.
func (d *demo) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, d.self, append(args, "--home", d.home.Dir)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 30 * time.Second
	return cmd
}

// exitCode separates "ended with a code" from "could not be run".
func exitCode(err error) (int, error) {
	if exit, ok := err.(*exec.ExitError); ok && exit.ExitCode() >= 0 {
		return exit.ExitCode(), nil
	}
	return 0, err
}

// status asks the program itself which daemons run.
func (d *demo) status(ctx context.Context) (map[string]int, error) {
	out, err := d.command(ctx, "run", "status", "--json").Output()
	if code, err := exitCode(err); err != nil || code != 0 && code != runtime.ExitUnhealthy {
		return nil, fmt.Errorf("cannot read the status (exit code %d): %w", code, err)
	}
	var res struct {
		Result struct {
			Daemons []struct {
				Name, State string
				PID         int
			}
		}
	}
	if err := json.Unmarshal(out, &res); err != nil {
		return nil, fmt.Errorf("cannot read the status: %w", err)
	}
	pids := map[string]int{}
	for _, row := range res.Result.Daemons {
		if row.State == "running" {
			pids[row.Name] = row.PID
		}
	}
	return pids, nil
}
