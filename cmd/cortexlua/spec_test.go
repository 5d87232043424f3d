package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cortexlua/cortexlua/runtime/runtimetest"
	"github.com/cortexlua/cortexlua/stdlib"
)

// specDir holds the specs of the shipped Lua library. It is no part of the
// program.
const specDir = "../../stdlib/spec"

// TestSpecs runs stdlib/spec/*_spec.lua. Each returns a table of functions named by
// what must hold; each function runs in a Lua machine of its own, which has no
// primitives but those that the spec makes up.
func TestSpecs(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(specDir, "*_spec.lua"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no specs in %s: %v", specDir, err)
	}
	library := specLibrary(t)
	for _, path := range files {
		module := strings.TrimSuffix(filepath.Base(path), ".lua")
		t.Run(strings.TrimSuffix(module, "_spec"), func(t *testing.T) {
			t.Parallel()
			for _, name := range specNames(t, library, module) {
				t.Run(name, func(t *testing.T) {
					rep := runtimetest.Run(t, runtimetest.Case{
						Text:    fmt.Sprintf("require(%q)[%q]()", "spec."+module, name),
						Library: library,
					})
					if rep.Err != nil {
						t.Errorf("%s\n%s", rep.Err, rep.Err.Trace)
					}
				})
			}
		})
	}
}

// specLibrary is what specs can require: the shipped library and the helpers of
// specs, as they are in the tree.
func specLibrary(t *testing.T) map[string]string {
	t.Helper()
	library := map[string]string{}
	modules, err := stdlib.FS.ReadDir("cortex")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range modules {
		text, err := stdlib.FS.ReadFile("cortex/" + m.Name())
		if err != nil {
			t.Fatal(err)
		}
		library["cortex."+strings.TrimSuffix(m.Name(), ".lua")] = string(text)
	}
	specs, err := filepath.Glob(filepath.Join(specDir, "*.lua"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range specs {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		library["spec."+strings.TrimSuffix(filepath.Base(path), ".lua")] = string(text)
	}
	return library
}

// specNames lists the functions of a spec, sorted.
func specNames(t *testing.T, library map[string]string, module string) []string {
	t.Helper()
	rep := runtimetest.Run(t, runtimetest.Case{
		Text:    fmt.Sprintf("local names = {} for name in pairs(require(%q)) do names[#names + 1] = name end return names", "spec."+module),
		Library: library,
	})
	var names []string
	values, _ := rep.Value(t).([]any)
	for _, v := range values {
		names = append(names, v.(string))
	}
	if len(names) == 0 {
		t.Fatalf("%s holds no specs", module)
	}
	slices.Sort(names)
	return names
}
