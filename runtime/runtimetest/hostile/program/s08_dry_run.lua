-- expect: timeout | attacks: a dry run that never ends
-- needs: fs.write
-- run: --dry-run
while true do pcall(fs.write, "pwned", "x") pcall(clock.sleep, "1ms") if fs.exists("pwned") and false then print("ESCAPED") end end
