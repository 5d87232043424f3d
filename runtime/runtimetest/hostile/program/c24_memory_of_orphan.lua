-- expect: memory | attacks: a program that uses a gigabyte in a session of its own
-- needs: process.spawn
process.run({ "sh", "-c", [[(setsid sh -c "head -c 2G /dev/zero | tail" >/dev/null 2>&1 &); sleep 300]] }, { timeout = "1h" })
