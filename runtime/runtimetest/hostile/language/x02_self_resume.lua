-- expect: error | attacks: a coroutine resumes itself
local co co = coroutine.create(function() return coroutine.resume(co) end) print(coroutine.resume(co)) error'done'
