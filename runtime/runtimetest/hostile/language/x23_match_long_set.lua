-- expect: timeout | attacks: a set of half a million characters
local p = "[" .. ("a"):rep(500000) .. "]*b" local s = ("z"):rep(500000) while true do s:match(p) end
