-- expect: timeout | attacks: programs left behind that ignore TERM, while the script is busy
-- needs: process.spawn
process.run({ "sh", "-c", [[(setsid sh -c 'trap "" TERM; while :; do sleep 1; done' >/dev/null 2>&1 </dev/null &)]] })
while true do end
