--- Start some daemons of the registry.

local daemon = require("cortex.daemon")
local list = require("cortex.list")
local runbook = require("cortex.runbook")

return runbook.define({
  name = "start",
  summary = "Start daemons by name and wait until they are stable.",
  description = "A daemon that runs already is adopted. Those it needs are not started: start-all does that.",
  risk = "disruptive",
  timeout = "5m",
  needs = { "process.read", "process.spawn", "process.signal", "fs.read", "fs.write:run", "fs.write:state", "net.dial" },
  params = {
    { name = "daemons", type = "list", required = true, positional = true, doc = "the daemons to start" },
    { name = "wait", type = "duration", default = "1m", doc = "how long to wait for another run that holds a daemon" },
  },

  ---@param run cortex.Run
  run = function(run)
    local daemons = daemon.select(run.params.daemons)
    local started = run:step("start " .. list.text(list.pluck(daemons, "name")), function()
      return daemon.start_all(daemons, { wait = run.params.wait })
    end)
    return {
      daemons = list.map(started, function(s)
        print(daemon.started_text(s))
        return { name = s.name, pid = s.pid, adopted = s.adopted }
      end),
    }
  end,
})
