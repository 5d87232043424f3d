package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/cortexlua/cortexlua/runtime"
)

// params reads the runbook's parameters from the command line. It returns nil
// without an error when only help was asked for.
func (s *session) params(rb *runtime.Runbook, name string, before, after []string) (map[string]any, error) {
	fs := pflag.NewFlagSet(name, pflag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.SortFlags = false
	values := map[string]*paramValue{}
	if rb.Header != nil {
		for i := range rb.Header.Params {
			p := &rb.Header.Params[i]
			if taken := (&pflag.FlagSet{}); isRunFlag(taken, p.Name) {
				return nil, runtime.Errorf(runtime.Invalid, "%s: the parameter %q has the name of a flag that every run takes", rb.Path, p.Name)
			}
			v := &paramValue{param: p}
			values[p.Name] = v
			f := fs.VarPF(v, p.Name, "", p.Doc)
			if p.Type == "boolean" {
				f.NoOptDefVal = "true"
			}
		}
	}
	run := pflag.NewFlagSet("run", pflag.ContinueOnError)
	run.SortFlags = false
	s.flags = runFlags{}
	s.flags.register(run)
	all := pflag.NewFlagSet(name, pflag.ContinueOnError)
	all.SetOutput(io.Discard)
	all.AddFlagSet(fs)
	all.AddFlagSet(run)
	if err := all.Parse(slices.Concat(before, after)); err != nil {
		if err == pflag.ErrHelp {
			writeRunHelp(s.stdout, rb, name, fs, run)
			return nil, nil
		}
		return nil, runUsage(name, err, all)
	}
	if f := all.Lookup("home"); f.Changed && s.flags.home == "" {
		return nil, runUsage(name, errors.New("--home is empty: is a variable not set?"), all)
	}
	given := map[string]any{}
	for _, v := range values {
		if v.texts == nil {
			continue
		}
		value, err := v.param.Parse(v.texts)
		if err != nil {
			return nil, runUsage(name, err, all)
		}
		given[v.param.Name] = value
	}
	if err := positional(rb, given, all.Args()); err != nil {
		return nil, runUsage(name, err, all)
	}
	if rb.Header == nil {
		return given, nil
	}
	complete, err := rb.Header.CompleteParams(given)
	if err != nil {
		return nil, runUsage(name, err, all)
	}
	return complete, nil
}

func isRunFlag(fs *pflag.FlagSet, name string) bool {
	(&runFlags{}).register(fs)
	return fs.Lookup(name) != nil || name == "help"
}

// runUsage is a mistake in the words after the runbook's name.
func runUsage(name string, err error, fs *pflag.FlagSet) error {
	text := strings.TrimSuffix(err.Error(), "\n")
	if word, ok := strings.CutPrefix(text, "unknown flag: --"); ok {
		var known []string
		fs.VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
		text += runtime.Suggest(word, known)
	}
	return runHelpError{fmt.Errorf("%s: %s\n  next: cortexlua run %s --help", name, text, name)}
}

// runHelpError is a usage error that already says what to do next.
type runHelpError struct{ error }

// positional gives the words without a dash to the positional parameters.
func positional(rb *runtime.Runbook, given map[string]any, words []string) error {
	if rb.Header != nil {
		for i := range rb.Header.Params {
			p := &rb.Header.Params[i]
			if !p.Positional || len(words) == 0 {
				continue
			}
			if _, twice := given[p.Name]; twice {
				return fmt.Errorf("%s is given twice, as --%s and as %q", p.Name, p.Name, words[0])
			}
			take := words
			if p.Type != "list" {
				take = words[:1]
			}
			value, err := p.Parse(take)
			if err != nil {
				return err
			}
			given[p.Name] = value
			words = words[len(take):]
		}
	}
	if len(words) > 0 {
		return fmt.Errorf("unexpected word %q", words[0])
	}
	return nil
}

// paramValue collects the texts of one parameter's flag.
type paramValue struct {
	param *runtime.Param
	texts []string
}

func (v *paramValue) Set(text string) error { v.texts = append(v.texts, text); return nil }
func (v *paramValue) Type() string          { return v.param.Type }

// String is the default as help shows it.
func (v *paramValue) String() string {
	if v == nil || v.param == nil || v.param.Default == nil {
		return ""
	}
	if items, ok := v.param.Default.([]any); ok {
		texts := make([]string, len(items))
		for i, item := range items {
			texts[i] = fmt.Sprint(item)
		}
		return strings.Join(texts, ",")
	}
	return fmt.Sprint(v.param.Default)
}

// writeRunHelp is cortexlua run NAME --help.
func writeRunHelp(w io.Writer, rb *runtime.Runbook, name string, params, run *pflag.FlagSet) {
	usage := "cortexlua run " + name
	if rb.Header == nil {
		fmt.Fprintf(w, "%s: a script without a header; it may only look, unless --allow gives more.\n\nUsage:\n  %s [flags]\n", rb.Path, usage)
	} else {
		h := rb.Header
		fmt.Fprintf(w, "%s\n\n", h.Summary)
		if h.Description != "" {
			fmt.Fprintf(w, "%s\n\n", strings.TrimSpace(h.Description))
		}
		for i := range h.Params {
			if p := &h.Params[i]; p.Positional {
				word := strings.ToUpper(p.Name)
				if p.Type == "list" {
					word += "..."
				}
				if !p.Required {
					word = "[" + word + "]"
				}
				usage += " " + word
			}
		}
		fmt.Fprintf(w, "Usage:\n  %s [flags]\n\nRisk:  %s\nTime:  %s\nNeeds: %s\nFile:  %s\n", usage, h.Risk, runtime.FormatDuration(h.Timeout), strings.Join(h.Needs, ", "), rb.Path)
		if params.HasFlags() {
			fmt.Fprintf(w, "\nParameters:\n%s", params.FlagUsages())
		}
	}
	fmt.Fprintf(w, "\nFlags of every run:\n%s\n%s\n", run.FlagUsages(), exitCodes)
}
