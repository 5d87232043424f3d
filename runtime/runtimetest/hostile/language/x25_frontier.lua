-- expect: timeout | attacks: frontier patterns on a long text
local s = ("a b "):rep(200000) while true do s:gsub("%f[%w]%w+%f[%W].-$x", "") end
