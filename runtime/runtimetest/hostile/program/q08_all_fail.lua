-- expect: timeout | attacks: errors of all items, again and again
local l = {} for i = 1, 1000 do l[i] = i end while true do pcall(parallel, l, error) parallel(l, function() error({ kind = "failed", message = ("x"):rep(1000) }) end, { on_error = "wait" }) end
