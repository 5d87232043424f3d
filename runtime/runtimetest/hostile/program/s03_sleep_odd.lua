-- expect: ok | attacks: durations that are wrong
for _, d in ipairs({ -1, 0, "-1h", "x", "", "1e9h", 0 / 0, "99999999999999999999h" , {}, true }) do pcall(clock.sleep, d) end print("OK")
