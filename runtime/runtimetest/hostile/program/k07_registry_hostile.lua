-- expect: error | attacks: a registry that loops
-- needs: process.read
-- setup: mkdir -p .cortexlua; echo "while true do end" > .cortexlua/registry.lua
registry.daemons() process.locate({ "x" }) error("done")
