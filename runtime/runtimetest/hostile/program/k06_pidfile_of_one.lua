-- expect: ok | attacks: a pidfile that names init, and a run that stops its daemon
-- needs: fs.write, process.signal
-- setup: mkdir -p run .cortexlua; echo 1 > run/worker.pid
-- setup: echo 'return { daemons = { { name = "worker", command = { "sleep", "300" }, pidfile = { path = "run/worker.pid" } } } }' > .cortexlua/registry.lua
local l = process.locate({ "worker" }) for _, d in ipairs(l) do if d.process then print("ESCAPED: adopted", d.process.pid) end end pcall(process.clean_up, "worker") print("OK")
