-- expect: timeout | attacks: a probe whose program never ends
-- needs: process.spawn, process.read
while true do pcall(probe.check, { command = { "sh", "-c", "trap '' TERM; sleep 300 & sleep 300" }, timeout = "1h" }) end
