-- expect: ok | attacks: a list that changes while it is worked on
local l = {} for i = 1, 500 do l[i] = i end each(l, function(i) l[i] = nil l[i + 500] = i table.insert(l, 1, i) end) print("OK")
