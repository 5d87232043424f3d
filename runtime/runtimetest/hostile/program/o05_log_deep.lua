-- expect: error | attacks: log fields that nest and hold themselves
local t = {} t.t = t pcall(log.info, "x", t) local d = {} for _ = 1, 100000 do d = { d } end log.info("x", { d = d }) error("done")
