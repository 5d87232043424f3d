-- expect: denied | attacks: a runbook that acts while it is loaded
-- setup: touch keep
local runbook = require("cortex.runbook")
local ok = pcall(fs.write, "pwned", "x") or pcall(process.run, { "touch", "pwned" }) or pcall(fs.read, "keep")
return runbook.define({ name = "hostile", summary = "Hostile.", risk = "safe", needs_home = false, needs = { "fs.read" },  run = function(run)
  print(ok and "ESCAPED" or "quiet") error("denied")
end })
