-- expect: memory | attacks: a jq function that calls itself, not last
json.query(nil, "def f: 1 + f; f")
