package bindings

import (
	"strings"
	"testing"

	"github.com/cortexlua/cortexlua/runtime"
)

// A budget that a primitive keeps is an ordinary error that names it; uncaught it
// ends the run with the code for limits.
func TestPrimitivesKeepTheBudgets(t *testing.T) {
	header := `local d = { define = function(h) return h end }
return d.define({ name = "x", summary = "s", risk = "disruptive", needs = { "fs.read", "fs.write", "process.spawn" },
	limits = { file_size = "100B", json_depth = 5, processes = 1 },
	run = function() `
	for name, body := range map[string]string{
		"file_size":  `fs.write("big", ("x"):rep(101))`,
		"json_depth": `json.decode("[[[[[[1]]]]]]")`,
		"processes":  `parallel({ 1, 2 }, function() process.run({ "sleep", "5" }) end)`,
	} {
		t.Run(name, func(t *testing.T) {
			h, _ := newHost(t, "", emptyRegistry)
			res := run(t, h, header+body+` end })`, runtime.FSRead, runtime.FSWrite, runtime.ProcessSpawn)
			if res.ExitCode() != runtime.ExitLimit || !strings.Contains(res.Err.Message, `"`+name+`"`) {
				t.Errorf("exit code %d, error %v", res.ExitCode(), res.Err)
			}
		})
	}
}

func TestReadingMoreThanTheBudgetIsRefused(t *testing.T) {
	h, _ := newHost(t, "", emptyRegistry)
	res := run(t, h, `local d = { define = function(h) return h end }
return d.define({ name = "x", summary = "s", risk = "disruptive", needs = { "fs.read", "fs.write" }, limits = { file_size = "100B" },
	run = function()
		for _ = 1, 3 do fs.append("big", ("x"):rep(60)) end
		local _, whole = errors.try(fs.read, "big")
		local _, asked = errors.try(fs.read, "big", { limit = "50B" })
		return { whole.details.limit, asked.kind, asked.details.limit == nil }
	end })`, runtime.FSRead, runtime.FSWrite)
	if res.Err != nil {
		t.Fatal(res.Err)
	}
	got, _ := res.Value.([]any)
	if len(got) != 3 || got[0] != "file_size" || got[2] != true {
		t.Errorf("got %v", res.Value)
	}
}
