-- expect: error | attacks: a long error message
error(("x"):rep(15e6))
