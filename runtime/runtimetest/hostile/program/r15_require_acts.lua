-- expect: denied | attacks: a module that acts while it is loaded
-- needs: fs.write
-- setup: mkdir -p .cortexlua/lib; echo 'fs.write("pwned", "x") return 1' > .cortexlua/lib/acts.lua
local ok, v = pcall(require, "acts") if fs.exists("pwned") then print("ESCAPED") end error("denied")
