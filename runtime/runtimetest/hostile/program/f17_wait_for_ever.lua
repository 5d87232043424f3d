-- expect: timeout | attacks: waiting for a file that never comes
while true do pcall(fs.wait, "never", { timeout = "1h" }) end
