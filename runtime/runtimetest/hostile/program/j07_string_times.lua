-- expect: memory | attacks: a long string by one multiplication
print("ESCAPED", #json.query(nil, [["x" * 1e9]]))
