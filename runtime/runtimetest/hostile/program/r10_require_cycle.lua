-- expect: error | attacks: modules that require each other
-- setup: mkdir -p .cortexlua/lib; echo 'return require("b")' > .cortexlua/lib/a.lua; echo 'return require("a")' > .cortexlua/lib/b.lua
require("a")
