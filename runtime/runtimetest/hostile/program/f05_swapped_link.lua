-- expect: timeout | attacks: a folder that is swapped for a link while it is used
-- needs: fs.write, process.spawn:sh
-- setup: mkdir sub; echo 2 > ../outside/secret2; mkdir ../outside/tree; echo x > ../outside/tree/x
local swapper = [[while :; do mv sub real 2>/dev/null; ln -sfn ../outside sub 2>/dev/null; rm -f sub; mv real sub 2>/dev/null; done]]
parallel({ 1, 2 }, function(i)
  if i == 1 then process.run({ "sh", "-c", swapper }, { timeout = "1h" }) end
  while true do
    local ok, text = pcall(fs.read, "sub/secret")
    if ok and text:find("canary") then print("ESCAPED: read " .. text) end
    pcall(fs.write, "sub/new", "pwn")
    pcall(fs.append, "sub/secret", "pwn")
    pcall(fs.remove, "sub/secret2")
    pcall(fs.remove_tree, "sub/tree")
  end
end)
