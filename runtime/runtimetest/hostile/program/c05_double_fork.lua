-- expect: timeout | attacks: a daemon that nobody has declared
-- needs: process.spawn
process.run({ "sh", "-c", [[(setsid sh -c 'trap "" TERM; sleep 300 & wait; sleep 300' >/dev/null 2>&1 </dev/null &) & wait; sleep 300]] }, { timeout = "1h" })
