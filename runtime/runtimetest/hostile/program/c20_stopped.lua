-- expect: timeout | attacks: a program that stops itself
-- needs: process.spawn
process.run({ "sh", "-c", [[kill -STOP $$; sleep 300]] }, { timeout = "1h" })
