-- expect: ok | attacks: devices by way of links
-- needs: fs.write
-- setup: ln -s /dev/zero zero; ln -s /dev/urandom random; ln -s /dev/tty tty; ln -s /proc/self/mem mem
local function try(what, fn, ...) local ok, v = pcall(fn, ...) if ok then print("ESCAPED: " .. what, tostring(v)) end end

for _, name in ipairs({ "zero", "random", "tty", "mem" }) do
  try("read", fs.read, name)
  try("tail", fs.tail, name, 10)
  try("checksum", fs.checksum, name)
  try("query", json.query_file, name, ".")
  try("append", fs.append, name, "x")
end
print("OK")
