-- expect: memory | attacks: an object that grows
json.query(nil, [[reduce range(1e9) as $i ({}; .[($i | tostring)] = $i)]])
