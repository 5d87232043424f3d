-- expect: ok | attacks: a working directory out of the home
-- needs: process.spawn
-- setup: ln -s ../outside out
for _, d in ipairs({ "..", "/", "../outside", "out", "/proc/self/cwd", "no", "x\0" }) do if pcall(process.run, { "pwd" }, { cwd = d }) then print("ESCAPED", d) end end print("OK")
