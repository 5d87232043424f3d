-- expect: timeout | attacks: patterns that match in very many ways
-- setup: mkdir -p a/a/a/a/a/a/a/a/a/a/a/a; touch a/a/a/a/a/a/a/a/xxxxxxxxxxxxxxxxxxxxxxxxxxxxx
local pattern = ("**/"):rep(12) .. "x*x*x*x*x*x*x*x*y"
while true do pcall(fs.glob, pattern) pcall(fs.glob, ("*/"):rep(2000)) pcall(fs.glob, ("*"):rep(4000) .. "b") end
