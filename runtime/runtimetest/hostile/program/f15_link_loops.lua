-- expect: ok | attacks: links that lead to themselves and to what holds them
-- needs: fs.write
-- setup: ln -s b a; ln -s a b; ln -s . self; mkdir d; ln -s .. d/up
local function try(what, fn, ...) local ok, v = pcall(fn, ...) if ok then print("ESCAPED: " .. what, tostring(v)) end end

try("read", fs.read, "a/x")
try("write", fs.append, "a/x", "x")
pcall(fs.walk, ".") pcall(fs.usage, ".") pcall(fs.glob, "**/**/**") pcall(fs.tree_hash, ".")
print("OK")
