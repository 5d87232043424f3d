-- expect: memory | attacks: print of megabytes without a newline that is text
local s = ("\0\27[2J"):rep(1000000) while true do print(s) end
