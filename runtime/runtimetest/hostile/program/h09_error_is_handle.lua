-- expect: error | attacks: an error value that is a handle
-- needs: fs.write
local held = lock.acquire("mine")
error(held)
