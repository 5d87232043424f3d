package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/cortexlua/cortexlua/runtime"
)

// listed is one runbook of the list.
type listed struct {
	Name    string `json:"name"`
	Risk    string `json:"risk"`
	Summary string `json:"summary"`
	Path    string `json:"path"`
	Error   string `json:"error,omitempty"`
}

func newList() *cobra.Command {
	var home string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the runbooks that can be run by name, with what each may cost",
		Long: `List the runbooks that can be run by name: the operator's own in
HOME/.cortexlua/runbooks and the shipped ones. Nothing is run.

  safe         only looks
  disruptive   interrupts service
  destructive  loses data

` + exitCodes,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			lib := newLibrary(findHome(home, os.Getenv))
			rows := listRunbooks(cmd.Context(), lib)
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(rows)
			}
			writeList(cmd.OutOrStdout(), rows)
			return nil
		},
	}
	cmd.Flags().StringVar(&home, "home", "", "the home whose own runbooks are listed too")
	cmd.Flags().BoolVar(&asJSON, "json", false, "write JSON")
	return cmd
}

// listRunbooks reads every header. A file that does not load is listed with the
// reason: an operator must see it.
func listRunbooks(ctx context.Context, lib *library) []listed {
	if ctx == nil {
		ctx = context.Background()
	}
	rows := []listed{}
	for _, name := range lib.names() {
		row := listed{Name: name, Risk: "-", Summary: "a script without a header"}
		src, err := lib.runbook(name)
		var rb *runtime.Runbook
		if err == nil {
			row.Path = src.Path
			rb, err = runtime.Load(ctx, src, runtime.Options{Library: lib.module})
		}
		switch {
		case err != nil:
			row.Summary, row.Error = "cannot be loaded: "+err.Error(), err.Error()
		case rb.Header != nil:
			row.Risk, row.Summary = rb.Header.Risk, rb.Header.Summary
		}
		rows = append(rows, row)
	}
	return rows
}

func writeList(w io.Writer, rows []listed) {
	width := 0
	for _, r := range rows {
		width = max(width, len(r.Name))
	}
	for _, r := range rows {
		fmt.Fprintf(w, "%-*s  %-11s  %s\n", width, r.Name, r.Risk, r.Summary)
	}
	fmt.Fprintf(w, "\nnext: cortexlua run NAME --help shows its parameters\n")
}
