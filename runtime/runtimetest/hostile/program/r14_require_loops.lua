-- expect: timeout | attacks: a module that never ends loading
-- setup: mkdir -p .cortexlua/lib; echo "while true do end" > .cortexlua/lib/loop.lua
while true do pcall(require, "loop") end
