-- expect: error | attacks: a header that is not plain data
local runbook = require("cortex.runbook")
local t = { name = "hostile", risk = "safe", needs = {}, run = function() print("ESCAPED") end }
t.summary = t
t.params = { t }
return runbook.define(setmetatable(t, { __index = function() while true do end end }))
