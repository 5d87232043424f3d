-- expect: error | attacks: a backup that is cut short, and one with more behind it
-- needs: fs.write, process.spawn:sh
-- setup: mkdir d backups; head -c 5000 /dev/urandom > d/x
archive.create("backups/a.tar.gz", { sources = { { name = "d", dir = "d" } } })

local function damaged(how)
  process.run({ "sh", "-c", "cp keep.gz backups/a.tar.gz; " .. how }, { check = true })
  if pcall(archive.verify, "backups/a.tar.gz") then print("ESCAPED: " .. how) end
end
process.run({ "sh", "-c", "cp backups/a.tar.gz keep.gz" }, { check = true })
damaged("truncate -s -5 backups/a.tar.gz")
damaged("truncate -s 0 backups/a.tar.gz")
damaged("cat keep.gz >> backups/a.tar.gz")
damaged("head -c 3 /dev/urandom | dd of=backups/a.tar.gz bs=1 seek=40 conv=notrunc 2>/dev/null")
error("done")
