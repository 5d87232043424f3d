-- expect: error | attacks: tail calls that grow their arguments
local t = {} for i=1,250 do t[i]=i end local function f(...) return f(1, ...) end f(unpack(t))
