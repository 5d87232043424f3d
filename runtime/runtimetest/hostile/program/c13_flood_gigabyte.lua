-- expect: timeout | attacks: a gigabyte without a newline, again and again
-- needs: process.spawn
process.run({ "sh", "-c", [[head -c 1G /dev/urandom]] }, { timeout = "1h" })
while true do process.run({ "sh", "-c", "head -c 100M /dev/zero" }) end
