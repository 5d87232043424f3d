-- expect: timeout | attacks: yield in a comparator
coroutine.wrap(function() table.sort({3,2,1}, function(a,b) coroutine.yield() return a<b end) end)() while true do end
