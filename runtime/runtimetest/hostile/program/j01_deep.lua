-- expect: error | attacks: JSON 100,000 deep
local ok = pcall(json.decode, ("["):rep(100000)) if ok then print("ESCAPED") end json.decode(("["):rep(100000) .. ("]"):rep(100000))
