-- expect: error | attacks: an error of 15 MB
error({ kind = ("k"):rep(1e6), message = ("x"):rep(15000000), hint = ("h"):rep(1e6), details = { a = ("d"):rep(1e7) } })
