// Command luabase is the floor for the start-up of a Lua runtime in Go: it opens
// a gopher-lua state with its libraries and runs one file.
package main

import (
	"fmt"
	"os"

	lua "github.com/yuin/gopher-lua"
)

func main() {
	state := lua.NewState()
	defer state.Close()
	if err := state.DoFile(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
