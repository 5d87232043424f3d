package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// tools are the paths of the programs that are compared or used.
type tools struct {
	cortexlua, minimal, luabase, daemon string
	shell                               string // the folder of the shell procedures
}

// build compiles all programs in the same way into work.
func build(ctx context.Context, work string) (tools, error) {
	root, err := moduleRoot(ctx)
	if err != nil {
		return tools{}, err
	}
	t := tools{
		cortexlua: filepath.Join(work, "cortexlua"),
		minimal:   filepath.Join(work, "minimal"),
		luabase:   filepath.Join(work, "luabase"),
		daemon:    filepath.Join(work, "daemon"),
		shell:     filepath.Join(root, "bench", "testdata", "shell"),
	}
	for pkg, out := range map[string]string{
		"./cmd/cortexlua":          t.cortexlua,
		"./bench/testdata/minimal": t.minimal,
		"./bench/testdata/luabase": t.luabase,
		"./bench/testdata/daemon":  t.daemon,
	} {
		cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", out, pkg)
		cmd.Dir = root
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if text, err := cmd.CombinedOutput(); err != nil {
			return t, fmt.Errorf("cannot build %s: %w\n%s", pkg, err, text)
		}
	}
	return t, nil
}

func moduleRoot(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("cannot find the module: run this within the project: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}
