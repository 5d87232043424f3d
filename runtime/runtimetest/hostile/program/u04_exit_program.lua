-- expect: timeout | attacks: a handler of on_exit that starts a program which ignores TERM
-- needs: process.spawn
-- more: 2s
run:on_exit(function() process.run({ "sh", "-c", [[trap "" TERM; while :; do sleep 1; done]] }, { timeout = "1h" }) end) while true do end
