-- expect: error | attacks: manifests that are huge, deep, pipes or lies
-- needs: fs.write, process.spawn:sh
-- setup: mkdir d backups; echo x > d/x
archive.create("backups/a.tar.gz", { sources = { { name = "d", dir = "d" } } })

local manifest
for _, e in ipairs(fs.list("backups")) do local name = e.name or e if name ~= "a.tar.gz" then manifest = "backups/" .. name end end
local function with(how)
  process.run({ "sh", "-c", "f=" .. manifest .. "; " .. how }, { check = true })
  if pcall(archive.verify, "backups/a.tar.gz") then print("ESCAPED: " .. how) end
  pcall(archive.list, "backups") pcall(archive.manifest, "backups/a.tar.gz", { files = true }) pcall(archive.compare, "backups/a.tar.gz") pcall(archive.restore, "backups/a.tar.gz")
end
with("sed -i s,x,../../outside/y,g $f")
with("head -c 3000000 /dev/zero | tr '\\0' '[' > $f")
with("truncate -s 50G $f")
with("rm $f; ln -s /dev/zero $f")
with("rm $f; mkfifo $f")
error("done")
