-- expect: timeout | attacks: input for a program that does not read
-- needs: process.spawn
process.run({ "sleep", "300" }, { input = ("x"):rep(15000000), timeout = "1h" })
