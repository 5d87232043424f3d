-- expect: error | attacks: a runbook that asks for years
local runbook = require("cortex.runbook")
return runbook.define({ name = "hostile", summary = "Hostile.", risk = "safe", needs_home = false, needs = {  }, timeout = "1000000h", run = function(run)
  error("done")
end })
