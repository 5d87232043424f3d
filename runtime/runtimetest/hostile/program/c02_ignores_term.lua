-- expect: timeout | attacks: a program that ignores every signal it can
-- needs: process.spawn
process.run({ "sh", "-c", [[trap '' TERM INT HUP QUIT USR1 USR2; while :; do sleep 1; done]] }, { timeout = "1h" })
