-- expect: timeout | attacks: a program that signals its group and its session
-- needs: process.spawn
process.run({ "sh", "-c", [[trap "" TERM; kill -TERM 0; kill -HUP 0; sleep 300]] }, { timeout = "1h" })
while true do end
