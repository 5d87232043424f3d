-- expect: timeout | attacks: a jq program that never ends
json.query(nil, "last(repeat(.))")
