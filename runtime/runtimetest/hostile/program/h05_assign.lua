-- expect: ok | attacks: writing to a handle, as luar lets a script write to structs
-- needs: fs.write
local held = lock.acquire("mine")

for _, key in ipairs({ "name", "l", "release", "__index", 1 }) do
  if pcall(function() held[key] = "other" end) then print("ESCAPED: assigned", key) end
end
print(held.name == "mine" and "OK")
