-- expect: ok | attacks: a backup that holds itself, pipes and sockets
-- needs: fs.write
-- setup: mkdir d backups; mkfifo d/pipe; echo x > d/x; ln -s /dev/zero d/zero
pcall(archive.create, "backups/a.tar.gz", { sources = { { name = "all", dir = "." }, { name = "all", dir = "." }, { name = "../x", dir = "d" } } }) pcall(archive.create, "d/a.tar.gz", { sources = { { name = "d", dir = "d" } } }) pcall(archive.create, "b.tar.gz", { sources = { { name = "d", dir = "d" } } }) print("OK")
