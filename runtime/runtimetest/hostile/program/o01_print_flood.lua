-- expect: memory | attacks: print without end
while true do print("x") end
