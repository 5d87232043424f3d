-- expect: ok | attacks: string.format of a handle: stock prints the Go struct behind it
-- needs: fs.write
local held = lock.acquire("mine")

local mark = probe.mark("agents/logs/x.log")
for _, h in ipairs({ held, mark, json.null }) do
  local texts = { tostring(h), string.format("%s|%10s|%-20.3s", h, h, h) }
  for verb in ("dixXouceEfgGqpvTtbU"):gmatch(".") do
    local ok, text = pcall(string.format, "%" .. verb, h)
    texts[#texts + 1] = ok and text or ""
    ok, text = pcall(string.format, "%#" .. verb, h)
    texts[#texts + 1] = ok and text or ""
  end
  for _, text in ipairs(texts) do
    if text:find("0x") or text:find("{") or text:find("locks/") or text:find("heldLock") then print("ESCAPED: " .. text) end
  end
end
print("OK")
