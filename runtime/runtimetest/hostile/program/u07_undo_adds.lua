-- expect: error | attacks: an undo that adds undos
local runbook = require("cortex.runbook")
return runbook.define({ name = "hostile", summary = "Hostile.", risk = "safe", needs_home = false, needs = {  }, undo_timeout = "300ms", run = function(run)
  local function again() run:undo("again", again) end
  again()
  error("done")
end })
