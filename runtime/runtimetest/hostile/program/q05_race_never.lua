-- expect: timeout | attacks: a race that nobody wins
race({ 1, 2, 3 }, function() while true do pcall(clock.sleep, "1h") end end)
