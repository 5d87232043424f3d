-- expect: memory | attacks: a program that uses a gigabyte
-- needs: process.spawn
process.run({ "sh", "-c", [[head -c 2G /dev/zero | tail]] }, { timeout = "1h" })
