-- expect: timeout | attacks: regular expressions on a long text
while true do pcall(json.query, { s = ("a"):rep(1e6) }, [[.s | test("(a*)*(a*)*b")]]) pcall(json.query, { s = ("ab"):rep(1e6) }, [[.s | [scan("a|b")] | length]]) end
