-- expect: ok | attacks: changing a module of the library for others
local text = require("cortex.text") pcall(function() text.table = nil end) pcall(rawset, text, "table", 1) print("OK")
