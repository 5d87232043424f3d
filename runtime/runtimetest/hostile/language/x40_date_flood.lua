-- expect: error | attacks: a long os.date
print("ESCAPED", #os.date(("%c"):rep(1e6)))
