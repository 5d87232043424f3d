-- expect: error | attacks: a backup whose paths lead out
-- needs: fs.write, process.spawn:sh
-- setup: mkdir d backups; echo x > d/x
archive.create("backups/a.tar.gz", { sources = { { name = "d", dir = "d" } } })
process.run({ "sh", "-c", "tar -P --transform s,^,../outside/, -czf backups/a.tar.gz d" }, { check = true })

local ok = pcall(archive.verify, "backups/a.tar.gz")
if ok then print("ESCAPED: verified") end
fs.write("d/x", "mine")
ok = pcall(archive.restore, "backups/a.tar.gz", { names = { "d" } })
if ok then print("ESCAPED: restored") end
if fs.read("d/x") ~= "mine" then print("ESCAPED: restore changed something") end
error("done")
