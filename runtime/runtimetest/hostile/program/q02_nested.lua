-- expect: timeout | attacks: parallel in parallel in parallel
local function f(n) parallel({ 1, 2, 3, 4 }, function() if n > 0 then f(n - 1) else while true do clock.sleep("1ms") end end end) end f(5)
