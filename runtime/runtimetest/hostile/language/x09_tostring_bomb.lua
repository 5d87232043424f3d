-- expect: error | attacks: __tostring that calls itself
local t = setmetatable({}, {__tostring = function(s) return tostring(s) end}) print(tostring(t))
