--- Start every daemon of the registry, each after those it needs.

local daemon = require("cortex.daemon")
local list = require("cortex.list")
local runbook = require("cortex.runbook")
local text = require("cortex.text")

return runbook.define({
  name = "start-all",
  summary = "Start every daemon, each after those it needs, and wait until all are stable.",
  description = [[
A daemon that runs already is adopted, never started a second time. Started means
that its probe passes and that it then stays up for its settle time.]],
  risk = "disruptive",
  timeout = "5m",
  needs = { "process.read", "process.spawn", "process.signal", "fs.read", "fs.write:run", "fs.write:state", "net.dial" },
  params = {
    { name = "wait", type = "duration", default = "1m", doc = "how long to wait for another run that holds a daemon" },
  },

  ---@param run cortex.Run
  run = function(run)
    local daemons = daemon.select()
    local started = run:step("start " .. text.count(#daemons, "daemon"), function()
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
