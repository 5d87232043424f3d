-- expect: memory | attacks: combinations
json.query(nil, "[[range(100)], [range(100)], [range(100)], [range(100)], [range(100)]] | [combinations]")
