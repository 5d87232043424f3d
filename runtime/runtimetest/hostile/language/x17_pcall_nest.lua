-- expect: error | attacks: pcall nests through errors
local function f() local ok, e = pcall(f) error(e) end f()
