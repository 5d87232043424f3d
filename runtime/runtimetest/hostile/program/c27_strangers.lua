-- expect: ok | attacks: signals for processes that are not ours
-- needs: process.signal, process.spawn
for _, p in ipairs({ 1, "1", { pid = 1 }, { pid = 1, name = "worker" }, -1, 0, 2 ^ 31 }) do if pcall(process.signal, p, "KILL") or pcall(process.stop, p) or pcall(process.alive, p) then print("ESCAPED") end end print("OK")
