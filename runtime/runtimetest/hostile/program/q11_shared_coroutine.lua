-- expect: timeout | attacks: one coroutine resumed by many items at once
local co = coroutine.wrap(function() while true do clock.sleep("1ms") coroutine.yield(1) end end) while true do pcall(parallel, { 1, 2, 3, 4 }, function() for _ = 1, 100 do pcall(co) end end) end
