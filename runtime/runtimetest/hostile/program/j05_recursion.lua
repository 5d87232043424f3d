-- expect: timeout | attacks: a jq function that calls itself
json.query(nil, "def f: f; f")
