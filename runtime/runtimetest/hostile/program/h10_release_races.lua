-- expect: ok | attacks: one lock released by many at once, twice and after its end
-- needs: fs.write
local held = lock.acquire("mine")

local list = {}
for i = 1, 200 do list[i] = i end
each(list, function() pcall(lock.release, held) pcall(held.release, held) pcall(lock.acquire, "mine") end, { limit = 50, on_error = "wait" })
print("OK")
