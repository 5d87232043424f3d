package main

import (
	"fmt"
	"io"
	"strings"
)

// write is the page for people.
func (in *inspection) write(w io.Writer) {
	if in.Summary == "" {
		fmt.Fprintf(w, "%s: a script without a header\n\nFile:  %s\n", in.Name, in.Path)
	} else {
		fmt.Fprintf(w, "%s: %s\n\nFile:  %s\nRisk:  %s\nTime:  %s, and %s to go back after a failure\n", in.Name, in.Summary, in.Path, in.Risk, in.Timeout, in.UndoTimeout)
	}
	if len(in.Params) > 0 {
		fmt.Fprintln(w, "\nParameters:")
		for _, p := range in.Params {
			fmt.Fprintf(w, "  --%-24s %s%s\n", p.Name+" "+p.Type, p.Doc, p.note())
		}
	}
	in.writePermissions(w)
	in.writeText(w)
	if len(in.Findings) > 0 {
		fmt.Fprintln(w, "\nFindings:")
		for _, f := range in.Findings {
			fmt.Fprintf(w, "  %s\n", f)
		}
	}
	if len(in.Unclear) > 0 {
		fmt.Fprintln(w, "\nWhat the text does not tell:")
		for _, u := range in.Unclear {
			fmt.Fprintf(w, "  %s\n", u)
		}
	}
}

func (p inspectedParam) note() string {
	switch {
	case p.Required:
		return " (required)"
	case p.Default != nil:
		return fmt.Sprintf(" (default %v)", p.Default)
	}
	return ""
}

func (in *inspection) writePermissions(w io.Writer) {
	fmt.Fprintln(w, "\nIt may:")
	if len(in.Permissions) == 0 {
		fmt.Fprintln(w, "  compute, and nothing else")
	}
	for _, p := range in.Permissions {
		fmt.Fprintf(w, "  %-18s %s\n", p.Permission, p.Means)
		switch {
		case len(p.Left) == 0:
			fmt.Fprintln(w, "    refused")
		case len(p.Left) > 1 || p.Left[0] != p.Permission:
			fmt.Fprintf(w, "    only %s\n", strings.Join(p.Left, ", "))
		}
		if len(p.Except) > 0 {
			fmt.Fprintf(w, "    but not %s\n", strings.Join(p.Except, ", "))
		}
		for _, c := range p.Cut {
			fmt.Fprintf(w, "    by %s\n", c)
		}
	}
}

func (in *inspection) writeText(w io.Writer) {
	if len(in.Modules) > 0 {
		fmt.Fprintln(w, "\nIt requires:")
		for _, m := range in.Modules {
			at := m.Path
			if m.Error != "" {
				at = m.Error
			}
			fmt.Fprintf(w, "  %-18s %s\n", m.Name, at)
		}
	}
	if len(in.Primitives) > 0 {
		fmt.Fprintln(w, "\nIts text reaches:")
	}
	for _, p := range in.Primitives {
		needs := strings.Join(p.Needs, ", ")
		if len(p.May) > 0 {
			needs += " (" + strings.Join(p.May, ", ") + " by its arguments)"
		}
		maybe := ""
		if p.Maybe {
			maybe = "perhaps "
		}
		fmt.Fprintf(w, "  %-20s %-6s  %s%s  %s\n", p.Name, p.Kind, maybe, firstOf(p.Places), needs)
	}
}

// firstOf names the first place and how many more there are.
func firstOf(places []string) string {
	if len(places) == 1 {
		return places[0]
	}
	return fmt.Sprintf("%s and %d more", places[0], len(places)-1)
}
