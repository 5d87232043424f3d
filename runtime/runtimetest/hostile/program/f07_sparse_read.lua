-- expect: ok | attacks: a file of 100 GB
-- needs: fs.write
-- setup: truncate -s 100G big
local function try(what, fn, ...) local ok, v = pcall(fn, ...) if ok then print("ESCAPED: " .. what, tostring(v)) end end

try("read", fs.read, "big")
try("query", json.query_file, "big", ".")
try("syntax", syntax.check, "big")
fs.tail("big", 1000)
print("OK")
