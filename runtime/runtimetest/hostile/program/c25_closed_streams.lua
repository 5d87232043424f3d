-- expect: timeout | attacks: a program that closes its streams and stays
-- needs: process.spawn
process.run({ "sh", "-c", "exec >&- 2>&- <&-; sleep 300" }, { timeout = "1h" })
