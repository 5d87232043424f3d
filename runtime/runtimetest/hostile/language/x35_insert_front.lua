-- expect: timeout | attacks: insert at the front
local t = {} for i = 1, 2e6 do table.insert(t, 1, i) end
