-- expect: memory | attacks: a runbook that grows while it is loaded
local runbook = require("cortex.runbook")
local t = {} while true do t[#t + 1] = ("x"):rep(1e6) .. #t end
return runbook.define({ name = "hostile", summary = "Hostile.", risk = "safe", needs_home = false, needs = {  },  run = function(run)

end })
