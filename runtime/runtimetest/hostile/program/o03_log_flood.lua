-- expect: memory | attacks: log lines without end
while true do log.info("x") end
