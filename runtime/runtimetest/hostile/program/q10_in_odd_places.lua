-- expect: timeout | attacks: parallel in coroutines, comparators, metamethods and gsub
local function wait() parallel({ 1, 2 }, function() clock.sleep("1ms") end) end
local t = setmetatable({}, { __index = function() wait() return 1 end })
while true do
  coroutine.wrap(function() wait() coroutine.yield() end)()
  table.sort({ 3, 2, 1 }, function(a, b) wait() return a < b end)
  string.gsub("xx", ".", function() wait() end)
  pcall(function() return t.x end)
end
