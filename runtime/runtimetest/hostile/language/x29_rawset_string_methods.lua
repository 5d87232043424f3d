-- expect: ok | attacks: rawset on the string library
print(pcall(rawset, getmetatable("").__index, "upper", 1) and "ESCAPED" or "OK")
