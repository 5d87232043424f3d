-- expect: timeout | attacks: a huge for
for i = 1, 1e18 do end
