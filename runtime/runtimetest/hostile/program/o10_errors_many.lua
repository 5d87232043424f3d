-- expect: memory | attacks: errors that are kept
local t = {} while true do local _, e = pcall(fs.read, "/etc/passwd") t[#t + 1] = e end
