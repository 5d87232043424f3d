-- expect: ok | attacks: a receiver that is a table, another handle or nothing of the kind
-- needs: fs.write
local held = lock.acquire("mine")

local fakes = {
  {}, { name = "mine" }, { name = "mine", l = held, lock = held }, setmetatable({}, { __index = held }),
  setmetatable({}, { __metatable = "lock", __index = function() return held end }), probe.mark("agents/logs/x.log"),
  coroutine.create(print), print, 1, "mine", true, json.null, function() return held end,
}
for i, fake in ipairs(fakes) do
  if pcall(lock.release, fake) then print("ESCAPED: receiver", i) end
  if pcall(held.release, fake) then print("ESCAPED: method", i) end
  if pcall(process.stop, fake) or pcall(process.signal, fake, "KILL") or pcall(process.wait, fake) then print("ESCAPED: process", i) end
end
if pcall(held.release) or pcall(lock.release, nil) then print("ESCAPED: no receiver") end
print("OK")
