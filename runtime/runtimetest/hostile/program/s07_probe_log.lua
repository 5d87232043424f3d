-- expect: timeout | attacks: a pattern that looks through a long log
-- needs: process.read
-- setup: head -c 50M /dev/zero | tr "\0" x > big.log
while true do pcall(probe.check, { log = "(x+x+)+y" }, { log = "big.log" }) end
