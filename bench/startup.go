package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// startupCalls are the starts of each program in one round.
const startupCalls = 10

// startup measures programs that run an empty script.
func (b *bench) startup(ctx context.Context) {
	script := filepath.Join(b.work, "empty.lua")
	if err := os.WriteFile(script, nil, 0o644); err != nil {
		b.failures = append(b.failures, err.Error())
		return
	}
	programs := []struct {
		name string
		argv []string
	}{
		{"cortexlua", []string{b.tools.cortexlua, "run", script}},
		{"luabase", []string{b.tools.luabase, script}},
		{"lua5.1", []string{"lua5.1", script}},
		{"dash", []string{"dash", "-c", ":"}},
		{"bash", []string{"bash", "-c", ":"}},
		{"python3", []string{systemPython(), "-c", "pass"}},
	}
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + b.work, "LANG=C.UTF-8"}
	for round := range b.opts.runs * startupCalls {
		for _, p := range programs {
			if _, err := exec.LookPath(p.argv[0]); err != nil {
				if round == 0 {
					fmt.Printf("skipped: %s, since it is not installed\n", p.name)
				}
				continue
			}
			c, err := execute(ctx, b.work, env, p.argv)
			if err != nil {
				b.failures = append(b.failures, "startup of "+p.name+": "+err.Error())
				continue
			}
			if round > 0 { // the first warms the cache
				sm := newSample(c, 0)
				sm.Op, sm.System, sm.Round = "startup", p.name, round
				b.samples = append(b.samples, sm)
			}
		}
	}
}
