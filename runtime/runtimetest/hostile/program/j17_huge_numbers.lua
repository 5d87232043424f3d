-- expect: ok | attacks: numbers of millions of digits
pcall(json.decode, ("9"):rep(8000000)) pcall(json.decode, "1e" .. ("9"):rep(1000000)) pcall(json.decode, "0." .. ("1"):rep(8000000))
pcall(json.query, nil, "1e1000 | tostring") pcall(json.query, nil, "infinite | floor | tojson") pcall(json.query, nil, ("9"):rep(100000)) pcall(json.query, { s = ("9"):rep(1000000) }, ".s | tonumber")
print("OK")
