-- expect: error | attacks: a registry that grows
-- needs: process.read
-- setup: mkdir -p .cortexlua; echo "local t = {} while true do t[#t+1] = {} end" > .cortexlua/registry.lua
process.locate({ "x" }) error("done")
