-- expect: timeout | attacks: sleeps inside comparators, iterators and coroutines
coroutine.wrap(function() table.sort({ 3, 2, 1 }, function(a, b) pcall(clock.sleep, "1h") return a < b end) for _ in function() pcall(clock.sleep, "1h") return 1 end do end end)() while true do pcall(clock.sleep, "1h") end
