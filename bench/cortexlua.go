package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// cortexlua runs the shipped runbooks. The registry asks for no settle time, so
// that it waits for what the others wait for: each daemon's readiness.
func cortexlua() *system {
	command := func(runbook string) func(*bed) job {
		return func(b *bed) job { return once(b.tools.cortexlua, "run", "--home", b.dir, runbook) }
	}
	return &system{
		name:  "cortexlua",
		setup: writeRegistry,
		ops: map[string]func(*bed) job{
			"start":  command("start-all"),
			"stop":   command("stop-all"),
			"status": command("status"),
			"rolling": func(b *bed) job {
				return once(append([]string{b.tools.cortexlua, "run", "--home", b.dir, "restart"}, b.names...)...)
			},
		},
	}
}

func writeRegistry(_ context.Context, b *bed) error {
	var text strings.Builder
	text.WriteString("return {\n  daemons = {\n")
	for _, name := range b.names {
		fmt.Fprintf(&text, "    { name = %q, command = { %q, %q }, log = %q, ready = { file = %q }, settle = \"0s\" },\n",
			name, b.tools.daemon, b.ready(name), "logs/"+name+".log", "run/"+name+".ready")
	}
	text.WriteString("  },\n}\n")
	folder := filepath.Join(b.dir, ".cortexlua")
	if err := os.Mkdir(folder, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "registry.lua"), []byte(text.String()), 0o644)
}
