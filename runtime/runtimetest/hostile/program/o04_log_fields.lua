-- expect: memory | attacks: log lines of megabytes
local s = ("x"):rep(1000000) while true do log.warn(s, { a = s, b = { c = s } }) end
