-- expect: timeout | attacks: steps that are caught when their time is over
while true do pcall(function() run:step("x", { timeout = "1ms" }, function() while true do end end) end) end
