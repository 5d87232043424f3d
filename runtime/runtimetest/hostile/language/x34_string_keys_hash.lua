-- expect: timeout | attacks: long strings as keys
local t = {} local s = ("x"):rep(8e6) while true do local k = s .. "a" t[k] = nil end
