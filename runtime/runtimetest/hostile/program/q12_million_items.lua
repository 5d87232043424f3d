-- expect: memory | attacks: a list of a million items
local l = {} for i = 1, 1000000 do l[i] = i end while true do parallel(l, function(i) return ("x"):rep(1000) .. i end) end
