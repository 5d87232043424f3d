--- Stop every daemon of the registry, those that need others first.

local daemon = require("cortex.daemon")
local runbook = require("cortex.runbook")
local text = require("cortex.text")

return runbook.define({
  name = "stop-all",
  summary = "Stop every daemon; done only when no process of them is left.",
  description = [[
Each daemon's whole process group gets its stop signal, then its grace period,
then SIGKILL. What survives that is listed, and the exit code says so.]],
  risk = "disruptive",
  timeout = "5m",
  needs = { "process.read", "process.signal", "fs.write:run", "fs.write:state" },
  params = {
    { name = "grace", type = "duration", doc = "the time before SIGKILL; default: each daemon's own" },
    { name = "wait", type = "duration", default = "1m", doc = "how long to wait for another run that holds a daemon" },
  },

  ---@param run cortex.Run
  run = function(run)
    local daemons = daemon.select()
    local stopped = run:step("stop " .. text.count(#daemons, "daemon"), function()
      return daemon.stop_all(daemons, { grace = run.params.grace, wait = run.params.wait })
    end)
    for _, s in ipairs(stopped) do
      print(daemon.stopped_text(s))
    end
    return { daemons = stopped }
  end,
})
