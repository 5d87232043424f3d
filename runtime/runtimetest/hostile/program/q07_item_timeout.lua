-- expect: timeout | attacks: items that catch their own timeouts
while true do parallel({ 1, 2 }, function() while true do pcall(function() while true do end end) end end, { timeout = "10ms", on_error = "wait" }) end
