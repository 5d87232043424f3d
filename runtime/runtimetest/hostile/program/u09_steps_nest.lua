-- expect: timeout | attacks: steps in steps
local function f(n) run:step("s" .. n, function() pcall(f, n + 1) end) end while true do pcall(f, 1) end
