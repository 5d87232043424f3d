--- Show what every daemon does.

local daemon = require("cortex.daemon")
local runbook = require("cortex.runbook")
local text = require("cortex.text")

-- What an operator should know about a daemon beside its state.
local function note(row)
  local notes = { row.why }
  if row.ended then
    notes[#notes + 1] = "it ended without being stopped"
  end
  if row.instances then
    notes[#notes + 1] = row.instances .. " instances run"
  end
  if row.remains then
    notes[#notes + 1] = row.remains .. " processes of a dead instance are left"
  end
  return notes[1] and table.concat(notes, "; ")
end

return runbook.define({
  name = "status",
  summary = "Show which daemons run, since when and with what; exit code 5 if one does not.",
  risk = "safe",
  timeout = "1m",
  needs = { "process.read" },
  params = {
    { name = "daemons", type = "list", positional = true, doc = "the daemons to show; default: all" },
  },

  ---@param run cortex.Run
  run = function(run)
    local rows = daemon.locate(daemon.select(run.params.daemons))
    for _, row in ipairs(rows) do
      row.process = nil
      row.note = note(row)
      if row.state ~= "running" or row.instances then
        run:unhealthy(row.name .. (row.state == "running" and " runs more than once" or " is not running"))
      end
    end
    print(text.table(rows, {
      { field = "name", title = "DAEMON" },
      { field = "state", title = "STATE" },
      { field = "pid", title = "PID", right = true },
      { field = "uptime", title = "UPTIME", right = true, format = text.duration },
      { field = "cpu", title = "CPU TIME", right = true, format = text.duration },
      { field = "memory", title = "MEMORY", right = true, format = text.size },
      { field = "note", title = "NOTE" },
    }))
    return { daemons = rows }
  end,
})
