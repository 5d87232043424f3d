-- expect: error | attacks: a backup with a file of 8 GB of nothing
-- needs: fs.write, process.spawn:sh
-- setup: mkdir d d2 backups; echo x > d/x
archive.create("backups/a.tar.gz", { sources = { { name = "d", dir = "d" } } })
process.run({ "sh", "-c", "truncate -s 8G d2/big && timeout 2 tar -S -czf backups/a.tar.gz d2 || true" }, { check = true })

local ok = pcall(archive.verify, "backups/a.tar.gz")
if ok then print("ESCAPED: verified") end
fs.write("d/x", "mine")
ok = pcall(archive.restore, "backups/a.tar.gz", { names = { "d" } })
if ok then print("ESCAPED: restored") end
if fs.read("d/x") ~= "mine" then print("ESCAPED: restore changed something") end
error("done")
