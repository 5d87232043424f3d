-- expect: error | attacks: a handle, a function or a cycle as the result of the run
-- needs: fs.write
local held = lock.acquire("mine")
local t = { held, print, coroutine.create(print) } t.t = t return t
