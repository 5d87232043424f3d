-- expect: ok | attacks: names of locks that are paths
-- needs: fs.write
for _, n in ipairs({ "../x", "a/b", "/tmp/x", "", ".", "..", "a\0b", ("x"):rep(10000), "A", "a b", "\n", "-" , "a/../../b"}) do if pcall(lock.acquire, n) and n ~= "-" then print("ESCAPED", n) end pcall(lock.holder, n) end print("OK")
