package main

import (
	"encoding/json"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/cortexlua/cortexlua"

type pkg struct {
	ImportPath string
	Imports    []string
	GoFiles    []string
}

// listPackages asks the go command for every package of the module.
func listPackages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,GoFiles", module+"/...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p pkg
		if err := dec.Decode(&p); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// TestImportRule holds the table of runtime/doc.go: who may import whom within
// the project, and which package is the only one to import a library.
func TestImportRule(t *testing.T) {
	inside := func(rel, root string) bool { return rel == root || strings.HasPrefix(rel, root+"/") }
	for _, p := range listPackages(t) {
		rel := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		for _, imp := range p.Imports {
			if own, ok := strings.CutPrefix(imp, module+"/"); ok {
				if !mayImport(rel, own, inside) {
					t.Errorf("%s imports %s", rel, own)
				}
				continue
			}
			if owners := owners(imp); owners != nil && !slices.ContainsFunc(owners, func(o string) bool { return inside(rel, o) }) {
				t.Errorf("%s imports %s, which belongs to %s", rel, imp, strings.Join(owners, ", "))
			}
			if rel == "bindings" && slices.Contains([]string{"os", "os/exec", "syscall"}, imp) {
				t.Errorf("the adapters of bindings import %s: only engines touch the machine", imp)
			}
		}
	}
}

func mayImport(from, to string, inside func(string, string) bool) bool {
	switch {
	case inside(from, "cmd"):
		return true
	case inside(from, "bindings/internal"):
		return inside(to, "bindings/internal")
	case from == "bindings":
		return to == "runtime" || inside(to, "bindings/internal")
	case inside(from, "runtime"):
		return inside(to, "runtime")
	}
	return false // stdlib and runbooks import nothing; bench imports nothing
}

// owners gives the only packages that may import a library; nil: any.
func owners(imp string) []string {
	table := map[string][]string{
		"github.com/yuin/gopher-lua":    {"runtime"},
		"layeh.com/gopher-luar":         {"runtime"},
		"github.com/shirou/gopsutil/v3": {"bindings/internal/proc"},
		"github.com/klauspost/compress": {"bindings/internal/archive"},
		"github.com/itchyny/gojq":       {"bindings/internal/jsonq"},
		"github.com/fsnotify/fsnotify":  {"bindings/internal/files"},
		"mvdan.cc/sh/v3":                {"bindings/internal/shsyntax"},
		"github.com/spf13/cobra":        {"cmd/cortexlua"},
		"github.com/spf13/pflag":        {"cmd/cortexlua"},
	}
	for p := imp; p != "." && p != "/"; p = path.Dir(p) {
		if o, ok := table[p]; ok {
			return o
		}
	}
	return nil
}
