-- expect: ok | attacks: pidfiles elsewhere, and links, pipes and lies in their place
-- needs: fs.write, process.signal
-- setup: mkdir -p run .cortexlua; ln -s ../../outside/secret run/worker.pid; mkfifo run/pipe.pid
-- setup: echo 'return { daemons = { { name = "worker", command = { "sleep", "300" }, pidfile = { path = "run/worker.pid" } }, { name = "pipe", command = { "sleep", "301" }, pidfile = { path = "run/pipe.pid" } } } }' > .cortexlua/registry.lua
for _, p in ipairs({ "/etc/passwd", "../outside/secret", "run/worker.pid", "/proc/self/stat", "run/pipe.pid", "", "." }) do
  pcall(pidfile.read, p) pcall(pidfile.clear, p) pcall(pidfile.remove, p, 1) pcall(pidfile.write, p, 1) pcall(pidfile.write, p, { pid = 1, name = "worker" })
end
print("OK")
