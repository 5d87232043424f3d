-- expect: timeout | attacks: next over tombstones
local t = {} for i = 1, 300000 do t["k"..i] = i end while true do for k in pairs(t) do t[k] = nil end for i = 1, 1000 do next(t) end end
