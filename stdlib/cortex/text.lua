--- Text for people: tables, sizes, durations.
local M = {}

local units = { "B", "KiB", "MiB", "GiB", "TiB" }

--- Counts things: "1 daemon", "8 daemons".
---@param n integer
---@param noun string
---@return string
function M.count(n, noun)
  return string.format("%d %s%s", n, noun, n == 1 and "" or "s")
end

--- Shows a number of bytes: 1536 is "1.5KiB".
---@param bytes number|nil
---@return string
function M.size(bytes)
  if not bytes then
    return "-"
  end
  local unit = 1
  while bytes >= (unit == 1 and 1024 or 1023.95) and unit < #units do
    bytes, unit = bytes / 1024, unit + 1
  end
  if unit == 1 then
    return string.format("%dB", bytes)
  end
  return string.format("%.1f%s", bytes, units[unit])
end

--- Shows a number of seconds: 90 is "1m30s", 0.25 is "0.3s".
---@param seconds number|nil
---@return string
function M.duration(seconds)
  if not seconds then
    return "-"
  end
  if seconds < 9.95 then
    return string.format("%.1fs", seconds)
  end
  local s = math.floor(seconds + 0.05)
  if s < 60 then
    return string.format("%ds", s)
  elseif s < 3600 then
    return string.format("%dm%02ds", math.floor(s / 60), s % 60)
  elseif s < 86400 then
    return string.format("%dh%02dm", math.floor(s / 3600), math.floor(s % 3600 / 60))
  end
  return string.format("%dd%02dh", math.floor(s / 86400), math.floor(s % 86400 / 3600))
end

--- Lays out rows in columns. Each column names a field and its heading; format
--- turns a value into text, right aligns numbers.
---@param rows table[]
---@param columns { field: string, title: string, format: (fun(value: any): string)|nil, right: boolean|nil }[]
---@return string text one line for the headings and one for each row
function M.table(rows, columns)
  local lines, widths = { {} }, {}
  for c, column in ipairs(columns) do
    lines[1][c], widths[c] = column.title, #column.title
  end
  for _, row in ipairs(rows) do
    local line = {}
    for c, column in ipairs(columns) do
      local value = row[column.field]
      local cell = value == nil and "-" or column.format and column.format(value) or tostring(value)
      line[c], widths[c] = cell, math.max(widths[c], #cell)
    end
    lines[#lines + 1] = line
  end
  return M.join(lines, widths, columns)
end

--- Joins the cells of a table, padded to the widths.
---@param lines string[][]
---@param widths integer[]
---@param columns table[]
---@return string
function M.join(lines, widths, columns)
  local out = {}
  for _, line in ipairs(lines) do
    local cells = {}
    for c, cell in ipairs(line) do
      local pad = string.rep(" ", widths[c] - #cell)
      cells[c] = columns[c].right and pad .. cell or cell .. pad
    end
    out[#out + 1] = (table.concat(cells, "  "):gsub("%s+$", ""))
  end
  return table.concat(out, "\n")
end

return M
