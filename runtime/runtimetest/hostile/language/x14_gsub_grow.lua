-- expect: error | attacks: gsub that grows a thousandfold
local s = ("x"):rep(1e6) s = s:gsub("x", ("y"):rep(1000)) print("ESCAPED", #s)
