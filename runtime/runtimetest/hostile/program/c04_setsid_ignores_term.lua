-- expect: timeout | attacks: a program in its own session that ignores TERM
-- needs: process.spawn
process.run({ "sh", "-c", [[setsid sh -c 'trap "" TERM INT HUP; while :; do sleep 1; done' & sleep 300]] }, { timeout = "1h" })
