-- expect: timeout | attacks: gsub with a table whose __index loops
("x"):rep(10):gsub(".", setmetatable({}, {__index = function() while true do end end}))
