-- expect: timeout | attacks: a program that forks and ends, for ever: never the same pid twice
-- needs: process.spawn
process.run({ "sh", "-c", [[f() { n=$1; [ $n -lt 100000 ] || exit; (setsid sh -c "sleep 0.01" >/dev/null 2>&1 &); f $((n+1)); }; while :; do (sleep 0.01 &) ; done]] }, { timeout = "1h" })
