-- expect: timeout | attacks: waiting for a lock that this run holds
-- needs: fs.write
lock.acquire("x") while true do pcall(lock.acquire, "x", { wait = "1h" }) end
