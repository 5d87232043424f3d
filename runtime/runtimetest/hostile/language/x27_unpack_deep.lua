-- expect: error | attacks: recursion with many arguments
local t = {} for i = 1, 30000 do t[i] = i end local function f(...) return 1 + f(...) end f(unpack(t))
