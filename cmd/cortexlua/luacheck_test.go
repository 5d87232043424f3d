package main

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

// TestLuacheckKnowsTheGlobals holds the linter's list against the primitives as
// they are declared: a forgotten one would make it call a good runbook wrong.
func TestLuacheckKnowsTheGlobals(t *testing.T) {
	text, err := os.ReadFile("../../.luacheckrc")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile(`(?s)read_globals = \{(.*?)\n\}`).FindSubmatch(text)
	if block == nil {
		t.Fatal("no read_globals in .luacheckrc")
	}
	var known []string
	for _, m := range regexp.MustCompile(`"([a-z_]+)"`).FindAllSubmatch(block[1], -1) {
		known = append(known, string(m[1]))
	}
	want := []string{"each", "errors", "parallel", "race"} // what the runtime itself adds
	for _, m := range modules() {
		want = append(want, m.Name)
	}
	slices.Sort(known)
	slices.Sort(want)
	if !slices.Equal(known, want) {
		t.Errorf(".luacheckrc knows %v\nscripts see         %v", known, want)
	}
}
