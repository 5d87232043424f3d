-- expect: ok | attacks: every operator on a handle; luar uses some of them for pointers and channels
-- needs: fs.write
local held = lock.acquire("mine")

local tries = {
  function() return held ^ {} end, function() return held ^ 2 end, function() return #held end, function() return -held end,
  function() return held + 1 end, function() return held % 1 end, function() return held < held end, function() return held <= {} end,
  function() return held() end, function() for _ in pairs(held) do end end, function() for _ in held do end end,
  function() return next(held) end, function() for _ in ipairs(held) do end end, function() return unpack(held) end,
  function() return held .. "x" end, function() return "x" .. held end, function() return rawget(held, "l") end,
  function() rawset(held, "l", 1) end, function() setmetatable(held, {}) end, function() table.insert(held, 1) end,
  function() return table.concat(held) end, function() table.sort(held) end, function() return table.concat({ held, held }) end,
  function() return ("x"):rep(held) end, function() return ("x"):gsub(".", held) end, function() return string.rep(held, 2) end,
  function() return tonumber(held) + 1 end, function() coroutine.resume(held) end, function() return select(held, 1) end,
}
for i, try in ipairs(tries) do
  if pcall(try) then print("ESCAPED: operator", i) end
end
print("OK")
