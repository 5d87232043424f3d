// Command cortexlua runs operators' procedures, written as Lua runbooks, safely:
// with primitives that are correct where shell is not, hard limits, a plan
// before, a record during, and a way back after.
package main

import "os"

func main() { os.Exit(program(os.Args[1:], os.Stdout, os.Stderr)) }
