-- expect: ok | attacks: fields of a coroutine
local co = coroutine.create(print) print(getmetatable(co) == nil and not pcall(function() return co.x end) and "OK" or "ESCAPED")
