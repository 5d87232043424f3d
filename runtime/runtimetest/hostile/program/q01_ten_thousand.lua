-- expect: timeout | attacks: 10,000 waits at once
local l = {} for i = 1, 10000 do l[i] = i end pcall(parallel, l, function() clock.sleep("1h") end, { limit = 10000 }) parallel(l, function() clock.sleep("1h") end, { limit = 1000 })
