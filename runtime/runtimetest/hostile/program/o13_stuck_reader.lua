-- expect: timeout | attacks: a reader that does not read
-- stdout: stuck
while true do print(("x"):rep(1000)) end
