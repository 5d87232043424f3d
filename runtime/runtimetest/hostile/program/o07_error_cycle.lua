-- expect: error | attacks: an error that holds itself
local e = { kind = "failed", message = "x" } e.cause = e e.details = e e.hint = e error(e)
