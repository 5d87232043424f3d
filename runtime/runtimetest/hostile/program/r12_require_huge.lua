-- expect: error | attacks: modules that are huge, pipes, devices and links
-- setup: mkdir -p .cortexlua/lib; cd .cortexlua/lib; truncate -s 20G big.lua; mkfifo pipe.lua; ln -s /dev/zero zero.lua; ln -s ../../../outside/secret secret.lua
for _, n in ipairs({ "big", "pipe", "zero", "secret" }) do local ok, v = pcall(require, n) if ok then print("ESCAPED", n) end if tostring(v):find("canary") then print("ESCAPED: shown") end end error("done")
