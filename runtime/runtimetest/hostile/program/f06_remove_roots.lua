-- expect: ok | attacks: removing the home, its roots and the world
-- needs: fs.write
-- setup: mkdir -p sub backups agents/logs run .cortexlua; touch keep
local function try(what, fn, ...) local ok, v = pcall(fn, ...) if ok then print("ESCAPED: " .. what, tostring(v)) end end

for _, p in ipairs({ ".", "/", "..", run.home, run.home .. "/", "./", "", "sub/..", "backups", "agents/logs", ".cortexlua", "run" }) do
  try("remove_tree " .. p, fs.remove_tree, p)
  try("rename " .. p, fs.rename, p, "gone")
end
print(fs.exists("keep") and "OK" or "ESCAPED")
