-- expect: timeout | attacks: 100,000 handlers of on_exit, each slow
-- more: 2s
for _ = 1, 100000 do run:on_exit(function() pcall(clock.sleep, "1h") while true do end end) end while true do end
