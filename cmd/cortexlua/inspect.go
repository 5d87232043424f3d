package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cortexlua/cortexlua/runtime"
)

func newInspect(m machine) *cobra.Command {
	var flags runFlags
	cmd := &cobra.Command{
		Use:   "inspect RUNBOOK",
		Short: "Show what a runbook may do, without running it",
		Long: `Show what a runbook may do, without running it: what it asks for, what the
machine's policy leaves of that, the Lua modules that it requires and the
primitives that its text reaches.

Primitives are found in the text, also in that of the modules. Where the text does
not tell, more is assumed rather than less.

` + exitCodes,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeRunbooks,
		RunE: func(cmd *cobra.Command, args []string) error {
			s := &session{machine: m, flags: flags, stdout: cmd.OutOrStdout(), stderr: cmd.ErrOrStderr()}
			report, err := s.inspect(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if flags.json {
				enc := json.NewEncoder(s.stdout)
				enc.SetEscapeHTML(false)
				return enc.Encode(report)
			}
			report.write(s.stdout)
			return nil
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&flags.home, "home", "", "the home whose own runbooks and modules come first")
	fs.BoolVar(&flags.json, "json", false, "write JSON")
	fs.StringSliceVar(&flags.allow, "allow", nil, "as for run: permissions for a script without a header")
	fs.StringSliceVar(&flags.deny, "deny", nil, "as for run: permissions to refuse")
	fs.StringVar(&flags.policy, "policy", "", "as for run: one more policy file")
	return cmd
}

// inspection is what inspect shows.
type inspection struct {
	Name        string              `json:"name"`
	Path        string              `json:"path"`
	Summary     string              `json:"summary,omitempty"`
	Risk        string              `json:"risk,omitempty"`
	Timeout     string              `json:"timeout,omitempty"`
	UndoTimeout string              `json:"undo_timeout,omitempty"`
	Params      []inspectedParam    `json:"params"`
	Permissions []inspectedPerm     `json:"permissions"`
	Modules     []inspectedModule   `json:"modules"`
	Primitives  []inspectedFunction `json:"primitives"`
	Findings    []string            `json:"findings"`
	Unclear     []string            `json:"unclear,omitempty"`
}

type inspectedParam struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	Doc      string `json:"doc"`
	Default  any    `json:"default,omitempty"`
	Required bool   `json:"required,omitempty"`
}

type inspectedPerm struct {
	Permission string   `json:"permission"`
	Means      string   `json:"means"`
	Left       []string `json:"left"`             // what the policy leaves of it
	Except     []string `json:"except,omitempty"` // within that
	Cut        []string `json:"cut,omitempty"`    // by whom, and what would allow it
}

type inspectedModule struct {
	Name  string `json:"name"`
	Path  string `json:"path,omitempty"`
	Error string `json:"error,omitempty"`
}

type inspectedFunction struct {
	Name   string   `json:"name"`
	Kind   string   `json:"kind"` // query or action
	Needs  []string `json:"needs"`
	May    []string `json:"may_need,omitempty"`
	Places []string `json:"places"`
	Maybe  bool     `json:"maybe,omitempty"`
}

// inspect loads a runbook as a run would, and puts together what is known of it.
func (s *session) inspect(ctx context.Context, name string) (*inspection, error) {
	s.home = findHome(s.flags.home, s.machine.getenv)
	s.lib = newLibrary(s.home)
	src, err := s.lib.runbook(name)
	if err != nil {
		return nil, err
	}
	if ctx == nil {
		ctx = context.Background()
	}
	opts := runtime.Options{Modules: modules(), Library: s.lib.module, Home: s.home}
	rb, err := runtime.Load(ctx, src, opts)
	if err != nil {
		return nil, err
	}
	order, asked, err := s.allowed(ctx, rb)
	if err != nil {
		return nil, err
	}
	found, err := runtime.Inspect(src, opts)
	if err != nil {
		return nil, err
	}
	out := &inspection{Name: strings.TrimSuffix(name, ".lua"), Path: src.Path, Params: []inspectedParam{}, Findings: []string{}}
	if rb.Header != nil {
		out.header(rb.Header)
	}
	out.permissions(rb.Grant(order), asked)
	out.text(found)
	out.findings(found, rb, asked)
	return out, nil
}

func (in *inspection) header(h *runtime.Header) {
	in.Name, in.Summary, in.Risk = h.Name, h.Summary, h.Risk
	in.Timeout, in.UndoTimeout = runtime.FormatDuration(h.Timeout), runtime.FormatDuration(h.UndoTimeout)
	for _, p := range h.Params {
		in.Params = append(in.Params, inspectedParam{p.Name, p.Type, p.Doc, p.Default, p.Required})
	}
}

// permissions tells what is left of each permission that was asked for.
func (in *inspection) permissions(g runtime.Grant, asked []runtime.Permission) {
	in.Permissions = []inspectedPerm{}
	for _, p := range asked {
		a := g.Allows(p)
		row := inspectedPerm{Permission: string(p), Means: p.Describe(), Left: words(a.Left), Except: words(a.Except)}
		for _, l := range a.Cuts {
			row.Cut = append(row.Cut, l.Name+"; to allow it, "+strings.ReplaceAll(l.Remedy, "%s", string(p)))
		}
		in.Permissions = append(in.Permissions, row)
	}
}

func (in *inspection) text(found runtime.Inspection) {
	in.Modules, in.Primitives = []inspectedModule{}, []inspectedFunction{}
	for _, r := range found.Requires {
		row := inspectedModule{Name: r.Name, Path: r.Path}
		if r.Err != nil {
			row.Error = r.Err.Error()
		}
		in.Modules = append(in.Modules, row)
	}
	for _, u := range found.Uses {
		in.Primitives = append(in.Primitives, inspectedFunction{u.Name, u.Mode.String(), words(u.Needs), words(u.May), u.Places, u.Maybe})
	}
	in.Unclear = found.Unclear
}

// findings are what an author or an operator should look at.
func (in *inspection) findings(found runtime.Inspection, rb *runtime.Runbook, asked []runtime.Permission) {
	where := "what a script without a header is given: run it with --allow %s"
	if rb.Header != nil {
		where = `needs: add "%s" in ` + rb.Path
		for _, p := range found.Unused(asked) {
			in.Findings = append(in.Findings, fmt.Sprintf("needs has %q, but nothing in the text can need it", p))
		}
	}
	for _, l := range found.Lacking(asked) {
		in.Findings = append(in.Findings, fmt.Sprintf("%s (%s) needs %s, which is not in "+where, l.Use.Name, l.Use.Places[0], l.Permission, l.Permission))
	}
}

// words are the texts of permissions; never nil, for JSON.
func words(list []runtime.Permission) []string {
	out := make([]string, len(list))
	for i, p := range list {
		out[i] = string(p)
	}
	return out
}
