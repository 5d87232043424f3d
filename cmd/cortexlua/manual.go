package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cortexlua/cortexlua/bindings"
	"github.com/cortexlua/cortexlua/runtime"
)

func newDoc() *cobra.Command {
	return &cobra.Command{
		Use:   "doc [MODULE[.FUNCTION]]",
		Short: "Show the manual of the primitives that runbooks call",
		Long: `Show the manual of the primitives that runbooks call, as they are declared.

  cortexlua doc               all modules
  cortexlua doc process       the functions of one
  cortexlua doc process.stop  one function
  cortexlua doc permissions   what a runbook may do, and who says so

` + exitCodes,
		Args: cobra.MaximumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			words := []string{permissionsTopic}
			for _, m := range modules() {
				words = append(words, m.Name)
				for _, f := range m.Funcs {
					words = append(words, m.Name+"."+f.Name())
				}
			}
			return words, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			topic := ""
			if len(args) > 0 {
				topic = args[0]
			}
			text, err := manual(topic)
			if err != nil {
				return err
			}
			fmt.Fprint(cmd.OutOrStdout(), text)
			return nil
		},
	}
}

// modules are the primitives, bound to no home: enough to describe them.
func modules() []runtime.Module {
	return bindings.All(bindings.NewHost(bindings.Config{NoHome: errNoHome()}))
}

func manual(topic string) (string, error) {
	all := modules()
	if topic == "" {
		var b strings.Builder
		for _, m := range all {
			fmt.Fprintf(&b, "%-9s  %s\n", m.Name, m.Doc)
		}
		b.WriteString("\nnext: cortexlua doc MODULE; or doc header, registry-file, permissions\n")
		return b.String(), nil
	}
	if topic == permissionsTopic {
		return permissionsManual(), nil
	}
	if page := dataManual(topic); page != "" {
		return page, nil
	}
	name, function, _ := strings.Cut(topic, ".")
	known := append([]string{permissionsTopic}, dataTopics...)
	for _, m := range all {
		known = append(known, m.Name)
		if m.Name != name {
			continue
		}
		if function == "" {
			return m.Manual(), nil
		}
		for _, f := range m.Funcs {
			if f.Name() == function {
				return f.Manual(m.Name), nil
			}
			known = append(known, m.Name+"."+f.Name())
		}
	}
	return "", usagef("no module or function %q%s; cortexlua doc lists them", topic, runtime.Suggest(topic, known))
}
