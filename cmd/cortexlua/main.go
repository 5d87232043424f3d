// Command cortexlua runs operators' procedures, written as Lua runbooks, safely:
// with primitives that are correct where shell is not, hard limits, a plan
// before, a record during, and a way back after.
package main

import (
	"os"

	"github.com/cortexlua/cortexlua/cmd/cortexlua/internal/supervise"
	_ "github.com/cortexlua/cortexlua/cmd/cortexlua/internal/supervise/early" // becomes the parent of a run; see its doc
)

func main() {
	parent := supervise.Attach()
	parent.Exit(program(parent, os.Args[1:], os.Stdout, os.Stderr))
}
