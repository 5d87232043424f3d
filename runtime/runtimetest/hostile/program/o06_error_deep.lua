-- expect: error | attacks: an error whose details nest
local d = {} for _ = 1, 100000 do d = { d } end error({ kind = "failed", message = "x", details = d })
