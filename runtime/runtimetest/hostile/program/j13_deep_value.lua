-- expect: memory | attacks: a value that nests without end
json.query(nil, "reduce range(1e9) as $i (null; [.])")
