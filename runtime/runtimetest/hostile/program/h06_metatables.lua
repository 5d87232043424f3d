-- expect: ok | attacks: the metatable of a handle, of a module and of null
-- needs: fs.write
local held = lock.acquire("mine")

for _, v in ipairs({ held, fs, lock, json.null, run, run.params, errors, probe.mark("agents/logs/x.log") }) do
  local mt = getmetatable(v)
  if type(mt) == "table" then print("ESCAPED: metatable of", tostring(v)) end
  if pcall(setmetatable, v, {}) then print("ESCAPED: setmetatable", tostring(v)) end
end
for _, name in ipairs({ "getmetatable", "setmetatable", "getregistry", "getupvalue", "setupvalue", "getlocal", "getinfo", "sethook", "getfenv" }) do
  if debug[name] ~= nil then print("ESCAPED: debug." .. name) end
end
print("OK")
