-- expect: error | attacks: JSON 500,000 deep
json.decode(('{"a":'):rep(500000) .. "1" .. ("}"):rep(500000))
