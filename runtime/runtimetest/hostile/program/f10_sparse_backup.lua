-- expect: timeout | attacks: a backup of 100 GB
-- needs: fs.write
-- setup: mkdir d backups; truncate -s 100G d/big
archive.create("backups/a.tar.gz", { sources = { { name = "d", dir = "d" } } })
