-- expect: error | attacks: a chain of 1,000 modules
-- setup: mkdir -p .cortexlua/lib; cd .cortexlua/lib; for i in $(seq 1000); do echo "return require(\"m$((i+1))\")" > m$i.lua; done; echo "return 1" > m1001.lua
require("m1") error("done")
