-- expect: error | attacks: a result that is too large for JSON
-- run: --json
local t = {} for i = 1, 300000 do t[i] = ("x"):rep(100) end t.x = t return t
