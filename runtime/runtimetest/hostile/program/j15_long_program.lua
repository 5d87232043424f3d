-- expect: error | attacks: a jq program whose text is the attack
for _, p in ipairs({ ("("):rep(9000) .. "1" .. (")"):rep(9000), ("["):rep(60000), ("["):rep(300000), "1" .. ("+1"):rep(30000), ("."):rep(60000), "." .. ("[0]"):rep(9000), ("-"):rep(60000) .. "1",
  ("def f: 1; "):rep(9000) .. "f", '"' .. ([[\(]]):rep(9000), ("if 1 then "):rep(9000), ("1|"):rep(30000) .. "1", ("1,"):rep(30000) .. "1", ("try "):rep(9000) .. "1", ". as " .. ("["):rep(9000) }) do
  pcall(json.query, nil, p)
end
error("done")
