-- expect: memory | attacks: steps with names of megabytes
local s = ("x"):rep(1000000) while true do run:step(s, function() end) end
