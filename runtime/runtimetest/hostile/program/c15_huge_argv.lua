-- expect: ok | attacks: arguments and environments that are too long or not text
-- needs: process.spawn
local function try(...) if pcall(process.run, ...) then print("ESCAPED") end end
try({ "true", ("x"):rep(3000000) })
local args = { "true" }
for i = 2, 20000 do args[i] = ("x"):rep(200) end
try(args)
try({ "true" }, { env = { X = ("x"):rep(3000000) } })
try({ "true\0" })
try({ "true", "a\0b" })
try({ "true" }, { env = { A = "x\0PATH=." } })
try({})
try({ "" })
try({ "no/such" })
try({ "." })
print("OK")
