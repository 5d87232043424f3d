-- expect: ok | attacks: names of fields and methods of Go behind a handle
-- needs: fs.write
local held = lock.acquire("mine")

for _, key in ipairs({ "l", "lock", "mu", "p", "m", "Name", "L", "Lock", "Unlock", "id", "HandleType", "handleType", "String", "GoString",
  "__index", "__newindex", "__tostring", "__metatable", "Value", "Metatable", "Env", "", "\0", "release\0", "name\0" }) do
  if held[key] ~= nil then print("ESCAPED: field", key) end
end
for _, key in ipairs({ 1, 0, -1, 0.5, true, print, held, {} }) do
  local ok, v = pcall(function() return held[key] end)
  if ok and v ~= nil then print("ESCAPED: field", tostring(key)) end
end
print(held.name == "mine" and "OK")
