-- expect: error | attacks: parallel 100 deep
local function f(n) parallel({ 1 }, function() f(n + 1) end) end f(1)
