-- expect: error | attacks: a backup with a link, and files through it
-- needs: fs.write, process.spawn:sh
-- setup: mkdir d backups; echo x > d/x
archive.create("backups/a.tar.gz", { sources = { { name = "d", dir = "d" } } })
process.run({ "sh", "-c", "mkdir t t/d && ln -s ../../outside t/d/l && tar -C t -cf a.tar d && rm t/d/l && mkdir t/d/l && echo pwn > t/d/l/secret && tar -C t -rf a.tar d/l/secret && gzip -c a.tar > backups/a.tar.gz" }, { check = true })

local ok = pcall(archive.verify, "backups/a.tar.gz")
if ok then print("ESCAPED: verified") end
fs.write("d/x", "mine")
ok = pcall(archive.restore, "backups/a.tar.gz", { names = { "d" } })
if ok then print("ESCAPED: restored") end
if fs.read("d/x") ~= "mine" then print("ESCAPED: restore changed something") end
error("done")
