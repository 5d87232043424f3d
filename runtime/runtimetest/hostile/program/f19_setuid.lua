-- expect: ok | attacks: modes that give more than a file should
-- needs: fs.write
for _, mode in ipairs({ 2541, 3565, "4755", "6777", 4294967295, -1, "0x1ff", 1e300 }) do
  local ok = pcall(fs.write, "x", "y", { mode = mode })
  if ok and process then local s = fs.stat("x") if s and tostring(s.mode):find("[uU]") then print("ESCAPED", s.mode) end end
end
print("OK")
