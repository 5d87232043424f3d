-- expect: timeout | attacks: 200 programs, each the child of the last
-- needs: process.spawn
process.run({ "sh", "-c", [[f() { [ $1 -gt 0 ] && { f $(($1-1)) & wait; }; sleep 300; }; f 60]] }, { timeout = "1h" })
