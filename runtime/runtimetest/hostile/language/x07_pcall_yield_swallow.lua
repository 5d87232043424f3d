-- expect: timeout | attacks: pcall around yield swallows the end
local co = coroutine.wrap(function() while true do pcall(coroutine.yield) end end) while true do co() end
