-- expect: ok | attacks: an __index that points to itself
local mt = {} mt.__index = mt setmetatable(mt, mt) print(pcall(function() return mt.x end) and "ESCAPED" or "OK")
