-- expect: timeout | attacks: __index and pcall nest in each other
local function nest(d) local t = setmetatable({}, {__index = function(t, k) if k > 180 then pcall(nest, d + 1) return 1 end return t[k+1] end}) return t[1] end while true do pcall(nest, 0) end
