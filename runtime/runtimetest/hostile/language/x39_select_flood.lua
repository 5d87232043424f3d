-- expect: timeout | attacks: a flood of select
local function f(...) for i = 1, select('#', ...) do select(i, ...) end end local t = {} for i = 1, 20000 do t[i] = i end while true do f(unpack(t)) end
