-- expect: timeout | attacks: 200 programs
-- needs: process.spawn
process.run({ "sh", "-c", [[i=0; while [ $i -lt 200 ]; do sleep 300 & i=$((i+1)); done; wait]] }, { timeout = "1h" })
