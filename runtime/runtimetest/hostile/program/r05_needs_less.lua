-- expect: denied | attacks: a runbook that does more than its header asks for
local runbook = require("cortex.runbook")
return runbook.define({ name = "hostile", summary = "Hostile.", risk = "safe", needs_home = false, needs = { "fs.read" },  run = function(run)
  if pcall(fs.write, "pwned", "x") then print("ESCAPED") end fs.write("pwned", "x")
end })
