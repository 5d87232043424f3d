-- expect: timeout | attacks: __concat that loops
local t = setmetatable({}, {__concat = function(a, b) while true do end end}) local _ = t .. "x"
