-- expect: error | attacks: dates and formats with odd arguments
for _, p in ipairs({ "1e300 | todate", "-1e300 | gmtime", '"x" * 1e6 | strptime("%Y")', "[1e9, 1e9, 1e9, 1e9, 1e9, 1e9] | mktime", '1 | strftime("%Y" * 1000000)', '[range(1e5)] | implode', '[-1, 1e9, 55296] | implode',
  '"%" * 100000 | @uri', '[range(300000)] | @csv', '("x" * 100000) | [splits("")] | length', '[range(100000)] | [paths] | length', '[range(2000)] | combinations(5)', '[range(1e5)] | tojson | [match("[0-9]"; "g")] | length' }) do
  pcall(json.query, nil, p)
end
error("done")
