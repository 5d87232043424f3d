package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cortexlua/cortexlua/runtime"
)

// newLimitsTopic is "cortexlua help limits": a topic, not a command.
func newLimitsTopic() *cobra.Command {
	topic := &cobra.Command{
		Use:   "limits",
		Short: "The budgets of a run: time, memory, output, processes and the rest",
	}
	topic.SetHelpFunc(func(cmd *cobra.Command, _ []string) { // made only when asked for
		fmt.Fprint(cmd.OutOrStdout(), limitsText())
	})
	return topic
}

func limitsText() string {
	var b strings.Builder
	b.WriteString(`The budgets of a run. An error over a budget names it; when nobody catches it, the
run ends with exit code 125 (124 for time). A runbook asks for others in its header:

  timeout = "15m", undo_timeout = "5m",
  limits = { memory = "512MiB", output = "1MiB" },

`)
	row := func(name, def, doc string) { fmt.Fprintf(&b, "  %-13s %-8s %s\n", name, def, doc) }
	row("timeout", "10m", "the whole run; --timeout replaces it; a step and a call may have their own")
	row("undo_timeout", "5m", "going back after a failure")
	row("on_exit", "2s", "the handlers of run:on_exit together; fixed")
	row("source", "1MiB", "one Lua file; fixed")
	for _, l := range runtime.LimitTable() {
		row(l.Name, l.Default, l.Doc)
	}
	return b.String()
}
