-- expect: timeout | attacks: sleeps that are caught
while true do pcall(clock.sleep, "1h") end
