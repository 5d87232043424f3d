--- The queue of work: what is critical in it, and whether that stands in the way.
local M = {}

-- In jq. What is final does not count; what is pending has not begun and is told
-- apart; any other status, known or not, counts as in flight. Statuses are written
-- in more than one way (in-progress, in_progress).
M.program = [[
  def statuses: map(.status | ascii_downcase | gsub("[- ]"; "_"));
  if (type == "object" and (.tasks | type) == "array" and all(.tasks[]; type == "object" and (.status | type) == "string"))
  then [.tasks[] | select((.priority | tostring | ascii_downcase) == "critical")] | statuses
       | { pending: map(select(IN("pending", "queued"))) | length,
           in_flight: (map(select(IN("pending", "queued", "completed", "done", "failed", "cancelled", "canceled") | not))
                       | group_by(.) | map({ key: .[0], value: length }) | from_entries) }
  else error("it is not a queue: an object with a list of tasks, each with a status")
  end]]

--- Says what is in flight: "2 assigned, 1 blocked", or nil when nothing is.
---@param in_flight table<string, integer>
---@return string|nil
function M.text(in_flight)
  local parts = {}
  for status, count in pairs(in_flight) do
    parts[#parts + 1] = count .. " " .. status
  end
  table.sort(parts)
  if #parts > 0 then
    return table.concat(parts, ", ")
  end
end

--- Nothing critical is being worked on. A queue that cannot be read is "cannot
--- tell", which is not the same as an empty one.
---@param path string|nil nil: this home has no queue
---@param ignore { work: boolean, unreadable: boolean } what the operator lets pass
function M.check(path, ignore)
  if not path then
    return
  end
  local queue, err = errors.try(json.query_file, path, M.program)
  if err then
    if not ignore.unreadable then
      errors.raise({
        kind = "conflict",
        message = "cannot tell whether critical work is in flight: " .. err.message,
        hint = "repair " .. path .. ", or run it with --ignore-unreadable-queue",
        details = { queue = path },
      })
    end
    log.warn("cannot tell whether critical work is in flight: " .. err.message)
    return
  end
  if queue.pending > 0 then
    log.info("critical and pending, so not begun: " .. queue.pending)
  end
  local busy = M.text(queue.in_flight)
  if busy and not ignore.work then
    errors.raise({
      kind = "conflict",
      message = "cannot upgrade: critical work is in flight: " .. busy,
      hint = "wait until it is done, or run it with --ignore-critical-work",
      details = { in_flight = queue.in_flight, pending = queue.pending, queue = path },
    })
  elseif busy then
    log.warn("critical work is in flight: " .. busy)
  end
end

return M
