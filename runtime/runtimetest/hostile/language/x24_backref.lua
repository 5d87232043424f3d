-- expect: timeout | attacks: back references
local s = ("a"):rep(200000) while true do s:match("(a*)%1b") end
