-- expect: memory | attacks: ranges and indexes without end
pcall(json.query, nil, "[range(0; infinite)]") pcall(json.query, nil, "[.[1e9] = 1]") pcall(json.query, nil, "[limit(infinite; repeat(1))]") while true do json.query(nil, "[range(1e7)]") end
