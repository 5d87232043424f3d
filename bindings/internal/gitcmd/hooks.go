package gitcmd

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

func itoa(n int) string { return strconv.Itoa(n) }

// hookTrace learns from git's own event trace (GIT_TRACE2_EVENT, see
// api-trace2(7)) which hooks ran and how they ended. Exit codes alone do not
// tell: git ignores that of post-merge, and that of post-checkout looks like a
// failed checkout.
type hookTrace struct {
	env  []string
	file string
}

func (r *Repo) traceHooks() (hookTrace, func()) {
	if !r.opts.Hooks {
		return hookTrace{}, func() {}
	}
	dir, err := os.MkdirTemp("", "cortexlua-git-")
	if err != nil {
		return hookTrace{}, func() {}
	}
	t := hookTrace{file: filepath.Join(dir, "events")}
	t.env = []string{"GIT_TRACE2_EVENT=" + t.file}
	return t, func() { os.RemoveAll(dir) }
}

// failed returns the first hook that did not end with 0.
func (t hookTrace) failed() *Hook {
	if t.file == "" {
		return nil
	}
	data, err := os.ReadFile(t.file)
	if err != nil {
		return nil
	}
	return parseHooks(string(data))
}

func parseHooks(events string) *Hook {
	running := map[string]string{} // session and child id to hook name
	for line := range strings.Lines(events) {
		var e struct {
			Event string `json:"event"`
			SID   string `json:"sid"`
			Child int    `json:"child_id"`
			Class string `json:"child_class"`
			Hook  string `json:"hook_name"`
			Code  int    `json:"code"`
		}
		if json.Unmarshal([]byte(line), &e) != nil {
			continue
		}
		key := e.SID + " " + itoa(e.Child)
		switch {
		case e.Event == "child_start" && e.Class == "hook":
			running[key] = e.Hook
		case e.Event == "child_exit" && e.Code != 0 && running[key] != "":
			return &Hook{Name: running[key], Code: e.Code}
		}
	}
	return nil
}
