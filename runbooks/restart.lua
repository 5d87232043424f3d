--- Restart some daemons, one after the other.

local daemon = require("cortex.daemon")
local list = require("cortex.list")
local runbook = require("cortex.runbook")

return runbook.define({
  name = "restart",
  summary = "Restart daemons by name, one after the other, each stable before the next.",
  description = "Stops at the first that does not come back; the rest are left as they are.",
  risk = "disruptive",
  timeout = "10m",
  needs = { "process.read", "process.spawn", "process.signal", "fs.read", "fs.write:run", "fs.write:state", "net.dial" },
  params = {
    { name = "daemons", type = "list", required = true, positional = true, doc = "the daemons to restart" },
    { name = "grace", type = "duration", doc = "the time before SIGKILL; default: each daemon's own" },
    { name = "wait", type = "duration", default = "1m", doc = "how long to wait for another run that holds a daemon" },
  },

  ---@param run cortex.Run
  run = function(run)
    local opts = { grace = run.params.grace, wait = run.params.wait }
    return {
      daemons = list.map(daemon.select(run.params.daemons), function(d)
        local started = run:step("restart " .. d.name, function()
          return daemon.restart(d, opts)
        end)
        print(d.name .. (started.planned and " would be restarted" or " restarted (pid " .. started.pid .. ")"))
        return { name = d.name, pid = started.pid }
      end),
    }
  end,
})
