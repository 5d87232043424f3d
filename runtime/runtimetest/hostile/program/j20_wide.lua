-- expect: memory | attacks: decoding very many small values
local s = "[" .. ("[],"):rep(5000000) .. "1]" local t = {} while true do t[#t + 1] = json.decode(s) end
