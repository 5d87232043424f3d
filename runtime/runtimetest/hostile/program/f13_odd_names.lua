-- expect: ok | attacks: names that are long, empty or not text
-- needs: fs.write
local function try(what, fn, ...) local ok, v = pcall(fn, ...) if ok then print("ESCAPED: " .. what, tostring(v)) end end

for _, p in ipairs({ ("x"):rep(5000), ("x/"):rep(3000), "a\0b", "\0", "-rf", "--", "a\nb/" }) do
  try("read", fs.read, p)
  pcall(fs.write, p .. "/x", "x")
  pcall(fs.exists, p)
  pcall(fs.stat, p)
  pcall(fs.glob, p)
  pcall(archive.create, p, { sources = { { name = p, dir = p } } })
  pcall(archive.verify, p)
end
print("OK")
