package vm

import (
	"testing"

	"github.com/cortexlua/cortexlua/runtime/runtimetest/hostile"
)

// hostileScripts is the part of the corpus that needs nothing but the language.
func hostileScripts(t *testing.T) []hostile.Script {
	t.Helper()
	all, err := hostile.Scripts()
	if err != nil {
		t.Fatal(err)
	}
	var out []hostile.Script
	for _, s := range all {
		if !s.Program {
			out = append(out, s)
		}
	}
	if len(out) < 150 {
		t.Fatalf("the corpus has %d scripts for the language, want 150", len(out))
	}
	return out
}
