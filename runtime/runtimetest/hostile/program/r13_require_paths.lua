-- expect: denied | attacks: names of modules that are paths
-- setup: mkdir -p .cortexlua/lib; echo "return 1" > ../outside/evil.lua
for _, n in ipairs({ "../../outside/evil", "/tmp/x", "a/../../b", "..outside.evil", "cortex/../../x", "x\0", "", ".", "cortex", "cortex.", ("x"):rep(100000), ("x."):rep(10000) }) do if pcall(require, n) then print("ESCAPED", n) end end error("denied")
