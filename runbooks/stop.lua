--- Stop some daemons of the registry.

local daemon = require("cortex.daemon")
local list = require("cortex.list")
local runbook = require("cortex.runbook")

return runbook.define({
  name = "stop",
  summary = "Stop daemons by name; done only when no process of them is left.",
  risk = "disruptive",
  timeout = "5m",
  needs = { "process.read", "process.signal", "fs.write:run", "fs.write:state" },
  params = {
    { name = "daemons", type = "list", required = true, positional = true, doc = "the daemons to stop" },
    { name = "grace", type = "duration", doc = "the time before SIGKILL; default: each daemon's own" },
    { name = "wait", type = "duration", default = "1m", doc = "how long to wait for another run that holds a daemon" },
  },

  ---@param run cortex.Run
  run = function(run)
    local daemons = daemon.select(run.params.daemons)
    local stopped = run:step("stop " .. list.text(list.pluck(daemons, "name")), function()
      return daemon.stop_all(daemons, { grace = run.params.grace, wait = run.params.wait })
    end)
    for _, s in ipairs(stopped) do
      print(daemon.stopped_text(s))
    end
    return { daemons = stopped }
  end,
})
