-- expect: timeout | attacks: many that require a module which waits
-- setup: mkdir -p .cortexlua/lib; echo 'while true do pcall(clock.sleep, "1h") end' > .cortexlua/lib/slow.lua
parallel({ 1, 2, 3, 4 }, function() while true do pcall(require, "slow") end end)
