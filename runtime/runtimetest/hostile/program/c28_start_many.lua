-- expect: timeout | attacks: programs started and ended as fast as can be
-- needs: process.spawn
while true do each({ 1, 2, 3, 4, 5, 6, 7, 8 }, function() process.run({ "true" }) end) end
