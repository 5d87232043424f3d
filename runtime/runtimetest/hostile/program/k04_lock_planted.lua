-- expect: ok | attacks: lock files that are links, pipes and folders
-- needs: fs.write
-- setup: mkdir -p .cortexlua/state/locks/dir.lock; cd .cortexlua/state/locks; ln -s ../../../../outside/secret link.lock; mkfifo pipe.lock
for _, n in ipairs({ "link", "pipe", "dir" }) do pcall(lock.holder, n) pcall(lock.acquire, n) end print("OK")
