package main

import (
	"github.com/cortexlua/cortexlua/bindings"
	"github.com/cortexlua/cortexlua/runtime"
)

// dataTopics are the pages of the manual about files that operators write.
var dataTopics = []string{headerTopic, registryTopic}

const (
	headerTopic   = "header"
	registryTopic = "registry-file"
)

// dataManual is such a page; "" for another topic.
func dataManual(topic string) string {
	switch topic {
	case headerTopic:
		return `The header of a runbook: what runbook.define is given, in the last statement of the file.

  return require("cortex.runbook").define({
    name = "hello", summary = "Say hello.", risk = "safe", needs = {},
    run = function(run) print("hello from " .. run.home) end,
  })

Keys:
` + runtime.DataManual(runtime.Header{}) + `
run is called with a table: run.params, run.home, run.id, run.name, run.dry_run, and
  run:step(name, [{ timeout = "1m" }], fn)   a named unit; returns what fn returns
  run:undo(text, fn)                         the way back; run in reverse if the run fails
  run:on_exit(fn)                            run at the end, however it ends
  run:unhealthy(message)                     something is not as it should be: exit code 5
What run returns is the result of --json.
`
	case registryTopic:
		return `The registry: the daemons of a home. HOME/.cortexlua/registry.lua, or --registry FILE, or the
shipped one of the Cortex daemons (runbooks/registry.lua), which is a good start for your own.
It is a Lua file that returns a table. Paths are relative to the home.

  return { daemons = { { name = "api", command = { "bin/api" }, log = "logs/api.log" } } }

Keys:
` + bindings.RegistryManual()
	}
	return ""
}
