--- What specs check with. A spec is a file here that returns a table of functions,
--- each named by what must hold; TestSpecs of cmd/cortexlua runs each in a run of
--- its own.
local M = {}

local function show(value)
  if type(value) ~= "table" then
    return type(value) == "string" and string.format("%q", value) or tostring(value)
  end
  local parts, n = {}, #value
  for i = 1, n do
    parts[i] = show(value[i])
  end
  local keys = {}
  for k in pairs(value) do
    if type(k) ~= "number" or k < 1 or k > n then
      keys[#keys + 1] = tostring(k)
    end
  end
  table.sort(keys)
  for _, k in ipairs(keys) do
    parts[#parts + 1] = k .. " = " .. show(value[k])
  end
  return "{ " .. table.concat(parts, ", ") .. " }"
end

--- The two values are the same, tables by what they hold.
function M.equal(got, want)
  local a, b = show(got), show(want)
  if a ~= b then
    error("got  " .. a .. "\nwant " .. b, 2)
  end
end

--- The function raises an error whose text matches; gives the error.
function M.raises(pattern, fn, ...)
  local ok, err = pcall(fn, ...)
  if ok then
    error("it raised nothing, not " .. pattern, 2)
  end
  if not tostring(err):find(pattern) then
    error("it raised " .. tostring(err) .. "\nnot " .. pattern, 2)
  end
  return err
end

return M
