-- expect: denied | attacks: changing files without the permission
-- setup: touch keep
for _, fn in ipairs({ function() fs.write("x", "y") end, function() fs.append("x", "y") end, function() fs.mkdir("x") end, function() fs.remove("keep") end,
  function() fs.remove_tree("keep") end, function() fs.rename("keep", "x") end, function() archive.create("a", { sources = {} }) end, function() lock.acquire("x") end,
  function() process.run({ "true" }) end, function() process.spawn("x", { "true" }) end, function() git.fetch("origin") end, function() env.get("HOME") end }) do
  if pcall(fn) then print("ESCAPED") end
end
error("denied")
