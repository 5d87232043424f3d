-- expect: ok | attacks: losers that catch their end and go on
race({ 1, 2, 3 }, function(i) if i == 1 then return 1 end local stop = clock.now() + 0.05 while clock.now() < stop do pcall(clock.sleep, "1ms") end end)
print("OK")
