-- expect: memory | attacks: a string that grows
print("ESCAPED", #json.query(nil, [[reduce range(1e9) as $i ("x"; . + .)]]))
