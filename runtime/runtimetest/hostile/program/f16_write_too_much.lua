-- expect: error | attacks: files beyond the budget
-- needs: fs.write
local s = ("x"):rep(16000000)
fs.write("big", s)
for _ = 1, 100000 do fs.append("big", s) if fs.stat("big").size > 2e9 then print("ESCAPED: 2 GB") end end
