-- expect: timeout | attacks: the end comes within a handler
while true do xpcall(function() while true do end end, function() while true do end end) end
