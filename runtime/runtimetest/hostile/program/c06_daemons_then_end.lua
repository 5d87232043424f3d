-- expect: ok | attacks: daemons that nobody has declared, left by a run that ends well
-- needs: process.spawn
process.run({ "sh", "-c", [[(setsid sleep 300 >/dev/null 2>&1 </dev/null &)]] }, { check = true })
print("OK")
