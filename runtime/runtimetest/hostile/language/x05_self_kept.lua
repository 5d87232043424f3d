-- expect: error | attacks: coroutines that keep themselves
while true do local co co = coroutine.create(function() local me = co coroutine.yield() return me end) coroutine.resume(co) end
