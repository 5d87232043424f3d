-- expect: error | attacks: long keys
local t = {} local k = ("k"):rep(1e6) while true do k = k .. "x" t[k] = 1 end
