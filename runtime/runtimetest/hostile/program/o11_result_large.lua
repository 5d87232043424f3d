-- expect: error | attacks: a result that is too deep, too large or a cycle
local t = {} for i = 1, 300000 do t[i] = { i } end local d = {} for _ = 1, 100000 do d = { d } end return { t, d }
