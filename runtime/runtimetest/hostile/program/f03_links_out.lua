-- expect: ok | attacks: links that lead out of the root
-- needs: fs.write
-- setup: ln -s ../outside out; ln -s ../outside/secret secret; ln -s "$PWD/../outside" abs; ln -s out chain
-- setup: mkdir sub; echo x > sub/x; echo x > plain; echo 2 > ../outside/secret2; mkdir ../outside/sub
local function try(what, fn, ...) local ok, v = pcall(fn, ...) if ok then print("ESCAPED: " .. what, tostring(v)) end end

for _, p in ipairs({ "out/secret", "secret", "sub/../out/secret", "abs/secret", "chain/secret", "out/../outside/secret" }) do
  try("read " .. p, fs.read, p)
  try("write " .. p, fs.append, p, "x")
  try("sum " .. p, fs.checksum, p)
  try("query " .. p, json.query_file, p, ".")
  try("tail " .. p, fs.tail, p, 3)
end
pcall(fs.write, "secret", "pwn") -- may replace the link, never what it leads to
try("create", fs.write, "out/new", "x")
try("mkdir", fs.mkdir, "out/dir")
try("remove", fs.remove, "out/secret")
try("tree", fs.remove_tree, "out/sub")
try("rename out", fs.rename, "plain", "out/plain")
try("rename in", fs.rename, "out/secret", "mine")
try("backup there", archive.create, "out/a.tar.gz", { sources = { { name = "x", dir = "sub" } } })
try("backup of it", archive.create, "backups/b.tar.gz", { sources = { { name = "x", dir = "out" } } })
for _, e in ipairs(fs.walk(".")) do if e.path:find("secret2") then print("ESCAPED: walked") end end
print("OK")
