-- expect: error | attacks: memory in short strings
local t = {} local i = 0 while true do i = i + 1 t[i] = "string number " .. i end
