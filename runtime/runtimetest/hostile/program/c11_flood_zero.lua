-- expect: timeout | attacks: an endless line of NUL
-- needs: process.spawn
process.run({ "sh", "-c", [[cat /dev/zero]] }, { timeout = "1h" })
