-- expect: ok | attacks: setmetatable on basic types
for _, v in ipairs{1, "x", true, print} do if pcall(setmetatable, v, {}) then print"ESCAPED" end end print"OK"
