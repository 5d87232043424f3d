-- expect: error | attacks: more programs at once than the budget
-- needs: process.spawn
local list = {} for i = 1, 200 do list[i] = i end each(list, function() process.run({ "sleep", "300" }, { timeout = "1h" }) end, { limit = 200 })
