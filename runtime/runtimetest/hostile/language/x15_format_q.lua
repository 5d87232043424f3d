-- expect: error | attacks: %q of a long string
local s = ("\0"):rep(16000000) print("ESCAPED", #string.format("%q", s))
