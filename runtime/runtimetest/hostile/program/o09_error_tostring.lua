-- expect: timeout | attacks: an error table whose __tostring loops
error(setmetatable({ kind = "failed" }, { __tostring = function() while true do end end, __index = function() while true do end end }))
