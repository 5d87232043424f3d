-- expect: timeout | attacks: 32 floods at once
-- needs: process.spawn
local list = {} for i = 1, 32 do list[i] = i end each(list, function() process.run({ "yes" }, { timeout = "1h" }) end, { limit = 32 })
