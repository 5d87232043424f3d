-- expect: ok | attacks: a handler of on_exit that adds handlers
local function again() run:on_exit(again) end run:on_exit(again) print("OK")
