-- expect: timeout | attacks: endless lines on both streams
-- needs: process.spawn
process.run({ "sh", "-c", [[yes & yes 1>&2]] }, { timeout = "1h" })
