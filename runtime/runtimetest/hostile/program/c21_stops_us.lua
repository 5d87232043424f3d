-- expect: timeout | attacks: a program that stops the one that runs the script
-- needs: process.spawn
process.run({ "sh", "-c", [[kill -STOP $PPID; sleep 300]] }, { timeout = "1h" })
