package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// cost is what a command took, with those of its children that it waited for.
type cost struct {
	wall   time.Duration
	cpu    time.Duration
	faults int64 // pages touched for the first time, from memory
}

func (c *cost) add(more cost) {
	c.wall += more.wall
	c.cpu += more.cpu
	c.faults += more.faults
}

const commandLimit = 5 * time.Minute

// execute runs a command to its end. What it prints is read only for the error.
func execute(ctx context.Context, dir string, env, argv []string) (cost, error) {
	ctx, cancel := context.WithTimeout(ctx, commandLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = dir, env
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = time.Second
	began := now()
	err := cmd.Run()
	c := cost{wall: now().since(began)}
	if cmd.ProcessState == nil {
		return c, err
	}
	c.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		c.faults = usage.Minflt
	}
	if err != nil {
		text := strings.TrimSpace(out.String())
		return c, fmt.Errorf("%s: %w: %s", strings.Join(shorten(argv), " "), err, text[:min(len(text), 1500)])
	}
	return c, nil
}

func shorten(argv []string) []string {
	if len(argv) > 6 {
		return append(append([]string{}, argv[:6]...), "…")
	}
	return argv
}
