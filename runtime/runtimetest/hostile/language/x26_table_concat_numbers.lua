-- expect: timeout | attacks: table.concat of numbers
local t = {} for i = 1, 1e6 do t[i] = 0.1 end while true do table.concat(t, ",") end
