package bindings

import (
	"reflect"
	"strings"
	"testing"

	"github.com/cortexlua/cortexlua/runtime"
)

func TestSyntaxCheck(t *testing.T) {
	h, _ := newHost(t, "", emptyRegistry)
	for script, want := range map[string]map[string]any{
		`return syntax.check("a.sh", "#!/bin/bash\nfor f in *; do echo $f; done\n")`: {"ok": true, "checked": true},
		`return syntax.check("a.py", "#!/usr/bin/python3\nif (:\n")`:                 {"ok": true, "checked": false},
		`return syntax.check("a.sh", "#!/bin/bash\nfor f in * 2>/dev/null; do\n")`:   {"ok": false, "checked": true, "line": 2.0},
	} {
		got, _ := value(t, run(t, h, script)).(map[string]any)
		why, _ := got["why"].(string)
		delete(got, "why")
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s = %v (%s), want %v", script, got, why, want)
		}
		if want["ok"] == false && !strings.Contains(why, "a.sh:2") {
			t.Errorf("%s: %q does not name the place", script, why)
		}
	}
	fails(t, run(t, h, `syntax.check("a.sh")`), runtime.Invalid)
}
