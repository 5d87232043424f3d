package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/cortexlua/cortexlua/cmd/cortexlua/internal/demohome"
)

// publish makes a newer release appear on the origin, and notes where the home
// stands before the upgrade to it.
func (d *demo) publish(kind demohome.Kind) func(context.Context) error {
	return func(ctx context.Context) error {
		head, err := d.head(ctx)
		if err != nil {
			return err
		}
		d.old = head
		_, err = d.home.Publish(ctx, kind)
		return err
	}
}

func (d *demo) git(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "git", append([]string{"-C", d.home.Dir}, args...)...).Output()
	return strings.TrimSpace(string(out)), err
}

func (d *demo) head(ctx context.Context) (string, error) { return d.git(ctx, "rev-parse", "HEAD") }

// allRun: every daemon runs, once.
func (d *demo) allRun(ctx context.Context) error {
	pids, err := d.status(ctx)
	if err != nil {
		return err
	}
	if len(pids) != len(d.home.Daemons) {
		return fmt.Errorf("%d of %d daemons run", len(pids), len(d.home.Daemons))
	}
	processes, err := d.home.Processes()
	if err != nil {
		return err
	}
	leaders := 0
	for _, p := range processes {
		if p.Daemon && p.PID == p.Group {
			leaders++
		}
	}
	if leaders != len(pids) {
		return fmt.Errorf("%d daemons have %d process groups", len(pids), leaders)
	}
	d.before = pids
	return nil
}

// isUpgraded: the code is the new release's, and every daemon is a new process.
func (d *demo) isUpgraded(ctx context.Context) error {
	old := d.before
	if err := d.allRun(ctx); err != nil {
		return err
	}
	for name, pid := range d.before {
		if old[name] == pid {
			return fmt.Errorf("%s is still the process of the old release (pid %d)", name, pid)
		}
	}
	head, err := d.head(ctx)
	if err != nil {
		return err
	}
	if head == d.old {
		return errors.New("the code is still that of the old release")
	}
	return d.treeIsClean(ctx)
}

// isBack: the code is exactly that of before the failed upgrade, and every
// daemon runs.
func (d *demo) isBack(ctx context.Context) error {
	if err := d.allRun(ctx); err != nil {
		return err
	}
	head, err := d.head(ctx)
	if err != nil {
		return err
	}
	if head != d.old {
		return fmt.Errorf("the code is at %s, not back at %s", head, d.old)
	}
	return d.treeIsClean(ctx)
}

func (d *demo) treeIsClean(ctx context.Context) error {
	out, err := d.git(ctx, "status", "--porcelain", "--untracked-files=all", "--", "scripts", "coordination")
	if err == nil && out != "" {
		return fmt.Errorf("the tree is not clean: %s", out)
	}
	return err
}

// workerIsNew: the restarted daemon is another process, the rest are not.
func (d *demo) workerIsNew(ctx context.Context) error {
	old := d.before
	if err := d.allRun(ctx); err != nil {
		return err
	}
	for name, pid := range d.before {
		if (old[name] == pid) == (name == "worker") {
			return fmt.Errorf("%s had pid %d and has %d", name, old[name], pid)
		}
	}
	return nil
}

// nothingRuns: no process of the home is left, and no pidfile.
func (d *demo) nothingRuns(context.Context) error {
	processes, err := d.home.Processes()
	if err != nil {
		return err
	}
	if len(processes) > 0 {
		return fmt.Errorf("%d processes are left, such as pid %d: %s", len(processes), processes[0].PID, processes[0].Command)
	}
	left, err := filepath.Glob(filepath.Join(d.home.RunDir, "*.pid"))
	if err == nil && len(left) > 0 {
		return fmt.Errorf("pidfiles are left: %s", strings.Join(left, ", "))
	}
	return err
}

// cleanUp leaves nothing, however the demonstration ended. A kept home has no
// running daemons either.
func (d *demo) cleanUp(keep bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	killed, err := d.home.Kill(ctx)
	if err != nil {
		return err
	}
	if len(killed) > 0 {
		fmt.Fprintf(d.errOut, "ended %d processes that were left\n", len(killed))
	}
	if keep {
		fmt.Fprintf(d.out, "\nthe home is kept: cortexlua run status --home %s\n", d.home.Dir)
		return nil
	}
	if err := d.home.Remove(); err != nil {
		return err
	}
	if _, err := os.Lstat(d.home.Dir); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is left", d.home.Dir)
	}
	return nil
}
