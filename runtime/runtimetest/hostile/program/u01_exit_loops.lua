-- expect: timeout | attacks: a handler of on_exit that never ends
-- more: 2s
run:on_exit(function() while true do end end) while true do end
