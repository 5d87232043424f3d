-- expect: ok | attacks: .. and absolute paths out of every root
-- needs: fs.write
-- setup: mkdir sub
local function try(what, fn, ...) local ok, v = pcall(fn, ...) if ok and v ~= false then print("ESCAPED: " .. what, tostring(v)) end end

local abs = run.home .. "/../outside/secret"
for _, p in ipairs({ "../outside/secret", "sub/../../outside/secret", abs, "/etc/passwd", "/proc/self/environ", "/proc/self/root/etc/passwd",
  "/proc/self/cwd/../outside/secret", "//etc/passwd", "./../outside/secret", "..", "/", "../outside/secret\0", "sub\0/../../outside/secret", "~/secret",
  "file:///etc/passwd", "/dev/fd/0", "/dev/stdin", ("../"):rep(500) .. "etc/passwd", ("sub/../"):rep(2000) .. "../outside/secret" }) do
  try("read", fs.read, p)
  try("append", fs.append, p, "pwn")
  try("write", fs.write, p, "pwn")
  try("remove", fs.remove, p)
  try("list", fs.list, p .. "/..")
  try("tree", fs.remove_tree, p)
  try("query", json.query_file, p, ".")
  try("rename", fs.rename, p, "mine")
  try("walk", fs.walk, p)
  try("restore", archive.restore, "a.tar.gz", { to = p })
end
try("glob", function() assert(#fs.glob("../outside/*") > 0) end)
print("OK")
