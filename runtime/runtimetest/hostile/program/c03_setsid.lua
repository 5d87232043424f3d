-- expect: timeout | attacks: a program that leaves for a session of its own
-- needs: process.spawn
process.run({ "sh", "-c", [[setsid sleep 300; sleep 300]] }, { timeout = "1h" })
