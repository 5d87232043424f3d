-- expect: error | attacks: doubling tables
local t = {} while true do t = {t, t, {}, {}, {}, {}, {}, {}} end
