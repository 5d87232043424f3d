-- expect: memory | attacks: findings without end
while true do run:unhealthy(("x"):rep(10000)) end
