-- expect: error | attacks: two coroutines resume each other
local a, b a = coroutine.create(function() return coroutine.resume(b) end)
b = coroutine.create(function() return coroutine.resume(a) end) print(coroutine.resume(a)) error'done'
