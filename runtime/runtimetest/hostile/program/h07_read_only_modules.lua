-- expect: ok | attacks: replacing primitives that other code relies on
-- needs: fs.write
local held = lock.acquire("mine")

local read = fs.read
pcall(function() fs.read = function() return "pwn" end end)
pcall(rawset, fs, "read", function() return "pwn" end)
pcall(table.insert, fs, 1)
pcall(table.remove, fs)
pcall(table.sort, fs)
pcall(function() for k in pairs(fs) do fs[k] = nil end end)
pcall(function() run.params.x = 1 end)
pcall(function() run.step = nil end)
if fs.read ~= read or fs[1] ~= nil or run.params.x ~= nil or type(run.step) ~= "function" then print("ESCAPED") end
print("OK")
