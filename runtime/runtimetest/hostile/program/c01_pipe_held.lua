-- expect: timeout | attacks: a grandchild that holds the pipe
-- needs: process.spawn
while true do pcall(process.run, { "sh", "-c", "sleep 300 & echo out" }) end
