-- expect: ok | attacks: names of daemons that are paths
-- needs: process.spawn, fs.write, process.signal
for _, n in ipairs({ "../x", "a/b", "", ".", "a b", ("x"):rep(5000), "x\0", "*" }) do if pcall(process.spawn, n, { "sleep", "300" }) then print("ESCAPED", n) end pcall(process.clean_up, n) pcall(process.locate, { n }) end print("OK")
