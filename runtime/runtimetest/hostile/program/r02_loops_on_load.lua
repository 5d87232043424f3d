-- expect: timeout | attacks: a runbook that never ends loading
local runbook = require("cortex.runbook")
while true do end
return runbook.define({ name = "hostile", summary = "Hostile.", risk = "safe", needs_home = false, needs = {  },  run = function(run)

end })
