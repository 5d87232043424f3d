-- expect: ok | attacks: replacing a string method
string.upper = function() return "pwn" end print(("x"):upper() == "X" and "OK" or "ESCAPED")
