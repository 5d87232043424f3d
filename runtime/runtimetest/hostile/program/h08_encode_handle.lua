-- expect: ok | attacks: a handle as data: JSON, log fields, parameters of primitives
-- needs: fs.write
local held = lock.acquire("mine")

local ok, text = pcall(json.encode, { held, h = held, [held] = 1 })
if ok and (text:find("0x") or text:find("mu")) then print("ESCAPED: " .. text) end
pcall(log.info, "x", { h = held })
pcall(log.info, held, held)
pcall(json.query, held, ".")
pcall(json.query, {}, "$x", { vars = { x = held } })
pcall(fs.read, held)
pcall(fs.write, "x", held)
pcall(process.run, held)
pcall(require, held)
print("OK")
