-- expect: error | attacks: a backup that unpacks to 2 GB
-- needs: fs.write, process.spawn:sh
-- setup: mkdir d backups; echo x > d/x; head -c 16M /dev/zero | gzip -9 > m; for _ in $(seq 128); do cat m; done > bomb
archive.create("backups/a.tar.gz", { sources = { { name = "d", dir = "d" } } })
process.run({ "sh", "-c", "cp bomb backups/a.tar.gz" }, { check = true })

local ok = pcall(archive.verify, "backups/a.tar.gz")
if ok then print("ESCAPED: verified") end
fs.write("d/x", "mine")
ok = pcall(archive.restore, "backups/a.tar.gz", { names = { "d" } })
if ok then print("ESCAPED: restored") end
if fs.read("d/x") ~= "mine" then print("ESCAPED: restore changed something") end
error("done")
