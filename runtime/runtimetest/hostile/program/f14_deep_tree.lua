-- expect: ok | attacks: a tree of 2,000 levels
-- needs: fs.write
-- setup: mkdir backups d; i=0; cd d; while [ $i -lt 400 ]; do mkdir d && cd -P d || break; i=$((i+1)); done 2>/dev/null; true
pcall(fs.walk, "d") pcall(fs.tree_hash, "d") pcall(fs.usage, "d") pcall(fs.glob, "d/**")
pcall(archive.create, "backups/a.tar.gz", { sources = { { name = "d", dir = "d" } } })
pcall(fs.remove_tree, "d")
print("OK")
