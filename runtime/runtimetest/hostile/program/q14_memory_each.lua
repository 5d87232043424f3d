-- expect: memory | attacks: items that each keep a little
local l, keep = {}, {} for i = 1, 500 do l[i] = i end parallel(l, function(i) while true do keep[#keep + 1] = ("x"):rep(10000) .. #keep if #keep % 100 == 0 then clock.sleep("1ms") end end end, { limit = 500 })
