-- expect: denied | attacks: a runbook that asks for more than the policy allows
-- run: --deny fs.write --deny process.spawn
local runbook = require("cortex.runbook")
return runbook.define({ name = "hostile", summary = "Hostile.", risk = "safe", needs_home = false, needs = { "fs.write", "process.spawn" },  run = function(run)
  if pcall(fs.write, "pwned", "x") or pcall(process.run, { "true" }) then print("ESCAPED") end fs.write("pwned", "x")
end })
