-- expect: timeout | attacks: an iterator without end
for _ in function() return 1 end do end
