package main

import (
	"os"
	"path/filepath"

	"github.com/cortexlua/cortexlua/runtime"
)

// folder is where, inside a home, an operator keeps what belongs to cortexlua:
// registry.lua, runbooks/, lib/ and, written by the program, state/.
const folder = ".cortexlua"

// homeVariables name the environment variables that may hold the home, the
// stronger first.
var homeVariables = [...]string{"CORTEX_HOME", "COMMIT_RELAY_HOME"}

// findHome gives the home: the flag, then the environment; "" when none is set.
func findHome(flag string, getenv func(string) string) string {
	home := flag
	for _, name := range homeVariables {
		if home == "" {
			home = getenv(name)
		}
	}
	if home == "" {
		return ""
	}
	if abs, err := filepath.Abs(home); err == nil {
		home = abs
	}
	// Daemons see the path as the kernel resolves it; comparing theirs with ours
	// needs the same form.
	if real, err := filepath.EvalSymlinks(home); err == nil {
		home = real
	}
	return home
}

// errNoHome is what commands say that need a home and were given none.
func errNoHome() error {
	return runtime.Errorf(runtime.Invalid, "no home: name it with --home, $CORTEX_HOME or $COMMIT_RELAY_HOME").
		WithHint("cortexlua run status --home DIR, or try it first on a throw-away home: cortexlua demo")
}

// checkHome refuses a home that is not a directory.
func checkHome(home string) error {
	if home == "" {
		return usageError{errNoHome()}
	}
	info, err := os.Stat(home)
	if err != nil {
		return runtime.Errorf(runtime.NotFound, "cannot use the home %s: %w", home, err).WithHint("name another with --home")
	}
	if !info.IsDir() {
		return runtime.Errorf(runtime.Invalid, "cannot use the home %s: it is not a directory", home).WithHint("name another with --home")
	}
	return nil
}
