-- expect: ok | attacks: reading, writing and hashing FIFOs, which block for ever
-- needs: fs.write
-- setup: mkfifo pipe
local function try(what, fn, ...) local ok, v = pcall(fn, ...) if ok then print("ESCAPED: " .. what, tostring(v)) end end

try("read", fs.read, "pipe")
try("tail", fs.tail, "pipe", 10)
try("checksum", fs.checksum, "pipe")
try("query", json.query_file, "pipe", ".")
try("append", fs.append, "pipe", "x")
try("verify", archive.verify, "pipe")
try("manifest", archive.manifest, "pipe")
pcall(fs.tree_hash, ".")
pcall(fs.usage, ".")
pcall(probe.check, { log = "x" }, { log = "pipe" })
pcall(probe.check, { file = "pipe" })
pcall(syntax.check, "pipe")
pcall(probe.mark, "pipe")
print("OK")
