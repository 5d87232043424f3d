// A program with the libraries of the real one, for counting what is initialised.
package main

import (
	"fmt"
	"os"

	"github.com/itchyny/gojq"
	"github.com/spf13/cobra"

	"github.com/cortexlua/cortexlua/cmd/cortexlua/internal/supervise"
	_ "github.com/cortexlua/cortexlua/cmd/cortexlua/internal/supervise/early"
	"github.com/cortexlua/cortexlua/runtime"
)

var _ = []any{gojq.Parse, cobra.NoArgs, runtime.Everything}

func main() {
	child := supervise.Attach()
	fmt.Println("supervised:", child != nil, len(os.Args))
	child.Exit(9)
}
