--- Helpers for lists: tables with items 1..n.
local M = {}

--- Gives fn(item, index) of every item; nil results are left out.
---@param items any[]
---@param fn fun(item: any, index: integer): any
---@return any[]
function M.map(items, fn)
  local out = {}
  for i, item in ipairs(items) do
    local value = fn(item, i)
    if value ~= nil then
      out[#out + 1] = value
    end
  end
  return out
end

--- Gives the items for which keep(item) is true.
---@param items any[]
---@param keep fun(item: any): boolean
---@return any[]
function M.filter(items, keep)
  return M.map(items, function(item)
    if keep(item) then
      return item
    end
  end)
end

--- Gives one field of every item.
---@param items table[]
---@param field string
---@return any[]
function M.pluck(items, field)
  return M.map(items, function(item)
    return item[field]
  end)
end

--- Gives a table from each item's field to the item.
---@param items table[]
---@param field string
---@return table<any, table>
function M.index(items, field)
  local out = {}
  for _, item in ipairs(items) do
    out[item[field]] = item
  end
  return out
end

--- Tells whether an item is in the list.
---@param items any[]
---@param wanted any
---@return boolean
function M.contains(items, wanted)
  for _, item in ipairs(items) do
    if item == wanted then
      return true
    end
  end
  return false
end

--- Gives the items in reverse order.
---@param items any[]
---@return any[]
function M.reverse(items)
  local out = {}
  for i = #items, 1, -1 do
    out[#out + 1] = items[i]
  end
  return out
end

--- Shortens a list for a message: "a, b, c and 4 more".
---@param items any[]
---@param limit integer|nil default 5
---@return string
function M.text(items, limit)
  limit = limit or 5
  local shown = {}
  for i = 1, math.min(#items, limit) do
    shown[i] = tostring(items[i])
  end
  local text = table.concat(shown, ", ")
  if #items > limit then
    text = string.format("%s and %d more", text, #items - limit)
  end
  return text
end

return M
