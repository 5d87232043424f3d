-- expect: timeout | attacks: a header whose metamethods loop
local runbook = { define = function() return setmetatable({}, { __index = function() while true do end end, __pairs = function() while true do end end }) end }
return runbook.define({})
