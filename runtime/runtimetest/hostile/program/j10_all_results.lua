-- expect: memory | attacks: a billion results
json.query_all(nil, "range(1e9)")
