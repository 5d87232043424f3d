-- expect: error | attacks: a daemon whose parent fails at once: nothing may stay
-- needs: process.spawn, process.signal, fs.write
local p = process.spawn("worker", { "sleep", "300" })
local ok = pcall(function() p.pid = 1 end) if ok then print("ESCAPED") end
process.stop(p)
error("done")
