package demohome

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

const registryHead = `-- The daemons of this demo home: their pidfiles are in the home itself, their periods are short.
return {
  home = { env = { "CORTEX_HOME", "COMMIT_RELAY_HOME" } },
  release = {
    scripts = { "scripts/**/*.sh" },
    backup = { "coordination", "scripts" },
    exclude = { "coordination/backups" },
    queue = "coordination/task-queue.json",
  },
  daemons = {
`

// registry is the home's registry as a Lua file.
func (h *Home) registry() string {
	var b strings.Builder
	b.WriteString(registryHead)
	for _, d := range h.Daemons {
		h.writeDaemon(&b, d)
	}
	b.WriteString("  },\n}\n")
	return b.String()
}

func (h *Home) writeDaemon(b *strings.Builder, d Daemon) {
	writer, stdout := "manager", "log"
	if d.WritesPID {
		writer = "daemon"
	}
	if d.LogsByItself {
		stdout = "null"
	}
	fmt.Fprintf(b, "    {\n      name = %s,\n      purpose = %s,\n      command = %s,\n",
		quote(d.Name), quote(d.Purpose), list(d.Command))
	fmt.Fprintf(b, "      pidfile = { path = %s, written_by = %s },\n", quote(d.PIDFile), quote(writer))
	fmt.Fprintf(b, "      log = %s,\n      stdout = %s,\n", quote(d.Log), quote(stdout))
	if len(d.After) > 0 {
		fmt.Fprintf(b, "      after = %s,\n", list(d.After))
	}
	fmt.Fprintf(b, "      env = { %s },\n", h.environment(d))
	fmt.Fprintf(b, "      ready = { %s },\n      settle = %s,\n", d.Ready.lua(), duration(d.Settle))
	fmt.Fprintf(b, "      stop = { signal = \"TERM\", grace = %s },\n    },\n", duration(d.Grace))
}

func (h *Home) environment(d Daemon) string {
	pairs := []string{fmt.Sprintf("%s = %s", runDirVariable, quote(h.RunDir))}
	for _, key := range slices.Sorted(maps.Keys(d.Env)) {
		pairs = append(pairs, fmt.Sprintf("%s = %s", key, quote(d.Env[key])))
	}
	return strings.Join(pairs, ", ")
}

func (r Ready) lua() string {
	switch {
	case r.Alive:
		return "alive = true"
	case r.Log != "":
		return "log = " + quote(r.Log)
	case r.JSON != "":
		return fmt.Sprintf("file = %s, json = %s, fresh = %s", quote(r.File), quote(r.JSON), duration(r.Fresh))
	}
	return "file = " + quote(r.File)
}

func list(items []string) string {
	quoted := make([]string, len(items))
	for i, item := range items {
		quoted[i] = quote(item)
	}
	return "{ " + strings.Join(quoted, ", ") + " }"
}

// quote writes a Lua string. Lua takes every byte as it is but these.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`).Replace(s) + `"`
}

// duration writes whole seconds as "3s", anything else in milliseconds.
func duration(d time.Duration) string {
	if d%time.Second == 0 {
		return quote(strconv.FormatInt(int64(d/time.Second), 10) + "s")
	}
	return quote(strconv.FormatInt(d.Milliseconds(), 10) + "ms")
}
