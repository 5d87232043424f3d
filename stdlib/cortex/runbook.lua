--- What makes a Lua file a runbook: its header.
local M = {}

---@class cortex.Param
---@field name string the flag's name, without dashes
---@field type "string"|"boolean"|"integer"|"number"|"duration"|"size"|"list"
---@field doc string one line for --help
---@field default any|nil the value when it is not given
---@field required boolean|nil refuse to run without it
---@field positional boolean|nil also taken from the words after the runbook's name
---@field values string[]|nil the values it may have

---@class (exact) cortex.Header
---@field name string the name that operators type
---@field summary string one line for the list of runbooks
---@field description string|nil more, shown by --help
---@field risk "safe"|"disruptive"|"destructive"
---@field timeout string|nil the time limit of the run, such as "15m"; default "10m"
---@field undo_timeout string|nil the time limit for going back; default "5m"
---@field needs_home boolean|nil false: it runs without a home
---@field needs string[] the permissions it asks for
---@field params cortex.Param[]|nil
---@field run fun(run: cortex.Run): any what the runbook does

---@class cortex.Run
---@field id string
---@field name string
---@field home string
---@field dry_run boolean
---@field params table<string, any>
---@field step fun(self: cortex.Run, name: string, opts_or_fn: table|function, fn: function|nil): any
---@field undo fun(self: cortex.Run, text: string, fn: function)
---@field unhealthy fun(self: cortex.Run, message: string)

--- Returns the header as it is: the runtime reads and checks it.
---@param header cortex.Header
---@return cortex.Header
function M.define(header)
  return header
end

return M
