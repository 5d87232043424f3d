-- expect: error | attacks: a header of 20,000 parameters
local runbook = require("cortex.runbook")
local params = {}
for i = 1, 20000 do params[i] = { name = "p" .. i, type = "string", doc = ("x"):rep(100) } end
return runbook.define({ name = "hostile", summary = ("s"):rep(1e6), risk = "safe", needs_home = false, needs = {}, params = params, run = function() error("done") end })
