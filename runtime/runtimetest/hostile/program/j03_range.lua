-- expect: memory | attacks: a jq program that builds a list of a billion
print("ESCAPED", #json.query(nil, "[range(1e9)]"))
