-- expect: error | attacks: a jq program whose text is the attack
for _, p in ipairs({ ("("):rep(100000) .. "1" .. (")"):rep(100000), ("["):rep(300000), "1" .. ("+1"):rep(300000), ("."):rep(500000), "." .. ("[0]"):rep(200000), ("-"):rep(300000) .. "1",
  ("def f: 1; "):rep(50000) .. "f", '"' .. ([[\(]]):rep(50000), ("if 1 then "):rep(50000), ("1|"):rep(200000) .. "1", ("1,"):rep(200000) .. "1", ("try "):rep(100000) .. "1", ". as " .. ("["):rep(100000) }) do
  pcall(json.query, nil, p)
end
error("done")
