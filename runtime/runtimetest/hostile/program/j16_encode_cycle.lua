-- expect: error | attacks: encoding tables that hold themselves
local t = {} t.t = t if pcall(json.encode, t) then print("ESCAPED") end local d = {} for _ = 1, 100000 do d = { d } end json.encode(d)
