-- expect: timeout | attacks: programs with our name
-- needs: process.spawn
process.run({ "bash", "-c", [[(exec -a cortexlua setsid bash -c "exec -a cortexlua sleep 300" >/dev/null 2>&1 </dev/null &); (exec -a "cortexlua run x" sleep 300 &) ; sleep 300]] }, { timeout = "1h" })
