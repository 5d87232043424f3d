-- expect: ok | attacks: thousands of locks
-- needs: fs.write
for i = 1, 3000 do if not pcall(lock.acquire, "l" .. i) then break end end print("OK")
