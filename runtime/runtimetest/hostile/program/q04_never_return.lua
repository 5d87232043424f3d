-- expect: timeout | attacks: items that never return
parallel({ 1, 2, 3 }, function() while true do end end)
