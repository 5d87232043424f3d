--- Start, stop and look at the daemons of the registry.
---
--- A daemon is touched only while its lock is held, so two runs cannot start it
--- twice. "Started" means ready and stable; "stopped" means that nothing is left.
local list = require("cortex.list")

local M = {}

---@class cortex.Daemon a daemon of the registry; see registry.daemons
---@class cortex.Started
---@field name string
---@field pid integer|nil nil in a dry run
---@field adopted boolean it ran already
---@field planned boolean|nil a dry run: it was not started
---@field process any the handle

---@class cortex.Stopped
---@field name string
---@field was_running boolean
---@field forced boolean SIGKILL was needed
---@field pid integer|nil
---@field remains integer|nil how many processes of a dead instance were ended
---@field planned boolean|nil a dry run: nothing was done

--- Gives daemons in starting order: all, or those named.
---@param names string[]|nil nil, {} or { "all" } means all
---@return cortex.Daemon[]
function M.select(names)
  return registry.daemons({ names = names or {} })
end

--- Tells which daemons run: a list of process.locate's rows.
---@param daemons cortex.Daemon[]
---@return table[]
function M.locate(daemons)
  if #daemons == 0 then
    return {}
  end
  return process.locate(list.pluck(daemons, "name"))
end

--- Gives those daemons that run now.
---@param daemons cortex.Daemon[]
---@return cortex.Daemon[]
function M.running(daemons)
  local rows = list.index(M.locate(daemons), "name")
  return list.filter(daemons, function(d)
    return rows[d.name].state == "running"
  end)
end

-- The locks that this run keeps for longer than one start or stop; see hold.
local kept = {}

local function acquire(d, purpose, wait)
  return lock.acquire("daemon-" .. d.name, { wait = wait or "1m", purpose = purpose .. " " .. d.name })
end

-- Runs fn while the daemon's lock is held.
local function locked(d, purpose, opts, fn)
  if kept[d.name] then
    return fn()
  end
  local held = acquire(d, purpose, opts.wait)
  local ok, result = pcall(fn)
  lock.release(held)
  if not ok then
    error(result, 0)
  end
  return result
end

--- Keeps daemons from every other run until this one ends, while this one starts
--- and stops them as it needs.
---@param daemons cortex.Daemon[]
---@param purpose string shown to those who want them
---@param opts { wait: string|nil }|nil
function M.hold(daemons, purpose, opts)
  -- In the order of their names: two runs that do so cannot wait for each other.
  local sorted = list.map(daemons, function(d)
    return d
  end)
  table.sort(sorted, function(a, b)
    return a.name < b.name
  end)
  for _, d in ipairs(sorted) do
    kept[d.name] = kept[d.name] or acquire(d, purpose, opts and opts.wait)
  end
end

-- Waits until the daemon is ready; its pidfile must then name it.
local function await_ready(d, p, since)
  probe.wait(p, d.ready, { log = d.log, since = since })
  if d.pidfile and d.pidfile.written_by == "daemon" then
    probe.wait(p, { pidfile = d.pidfile.path, timeout = d.ready.timeout }, { log = d.log })
  end
end

-- Takes back what a failed start left, then raises its error.
local function give_up(d, p, err)
  errors.try(process.stop, p, { grace = d.stop.grace })
  if d.pidfile then
    errors.try(pidfile.remove, d.pidfile.path, p.pid)
  end
  error(err, 0)
end

-- Warns when the pidfile that a live daemon writes itself does not name it. It
-- writes that only at its start, and may end if another one writes it.
local function look_at_pidfile(d, found)
  if (found.uptime or 0) < 5 then
    return
  end
  local pid, err = errors.try(pidfile.read, d.pidfile.path)
  if err then
    log.warn(d.name .. ": " .. err.message)
  elseif pid ~= found.pid then
    log.warn(string.format("%s runs as pid %d, but %s %s", d.name, found.pid, d.pidfile.path, pid and "names " .. pid or "is missing"))
  end
end

-- Makes the pidfile of a live daemon name it again.
local function mend_pidfile(d, found)
  local pid, err = errors.try(pidfile.read, d.pidfile.path)
  if err or pid ~= found.pid then
    pidfile.clear(d.pidfile.path)
    pidfile.write(d.pidfile.path, found.process)
  end
end

local function adopt(d, found)
  if found.instances then
    errors.raise({
      kind = "conflict",
      message = string.format("%s runs %d times", d.name, found.instances),
      hint = "cortexlua run stop " .. d.name .. " stops all of them",
    })
  end
  if d.pidfile and d.pidfile.written_by == "manager" then
    mend_pidfile(d, found)
  elseif d.pidfile then
    look_at_pidfile(d, found)
  end
  probe.wait(found.process, d.ready, { log = d.log })
  return { name = d.name, pid = found.pid, adopted = true, process = found.process, uptime = found.uptime }
end

local function start_new(d, found)
  if found.why then
    log.warn(string.format("%s: its pidfile is %s: %s", d.name, found.pidfile, found.why))
  end
  if found.remains then
    process.clean_up(d.name)
  end
  if d.pidfile then
    pidfile.clear(d.pidfile.path)
  end
  local since = probe.mark(d.log)
  local p = process.spawn(d.name, d.command, { env = d.env, cwd = d.cwd, log = d.log, stdout = d.stdout })
  local _, err = errors.try(function()
    if d.pidfile and d.pidfile.written_by == "manager" then
      pidfile.write(d.pidfile.path, p)
    end
    await_ready(d, p, since)
  end)
  if err then
    give_up(d, p, err)
  end
  local planned = p.pid == 0 or nil -- a dry run
  return { name = d.name, pid = not planned and p.pid or nil, adopted = false, planned = planned, process = p }
end

-- Starts a daemon whose lock is held.
local function start_held(d, opts)
  local found = process.locate({ d.name }, { scan = opts.scan ~= false })[1]
  if found.state == "running" then
    return adopt(d, found)
  end
  return start_new(d, found)
end

--- Starts a daemon and waits until it is ready. A live one is adopted.
---@param d cortex.Daemon
---@param opts { wait: string|nil, scan: boolean|nil }|nil wait: for its lock
---@return cortex.Started
function M.start(d, opts)
  opts = opts or {}
  return locked(d, "start", opts, function()
    return start_held(d, opts)
  end)
end

-- Takes back what a daemon left that ended before it was stable, and raises why it
-- ended, or that another run stopped it: that one has forgotten its record.
local function not_stable(d, s, err)
  local holder = not kept[d.name] and lock.holder("daemon-" .. d.name)
  locked(d, "start", {}, function()
    if process.locate({ d.name }, { scan = false })[1].ended then
      give_up(d, s.process, err)
    end
    errors.raise({
      kind = "conflict",
      message = string.format(
        "%s was stopped by another run%s before it was stable",
        d.name,
        holder and string.format(" (pid %d, %s)", holder.pid, holder.purpose or "?") or ""
      ),
      hint = "start it again when that run has ended",
    })
  end)
end

-- Waits until a daemon that is ready has stayed so for a time.
local function settle_one(d, s, duration)
  local _, err = errors.try(probe.settle, s.process, duration, { log = d.log })
  if err and not process.alive(s.process) then
    not_stable(d, s, err)
  elseif err then
    error(err, 0)
  end
end

-- What is said about failures: the only one's own words, or all of them.
local function failure_text(verb, of, failures)
  if #failures == 1 then
    return failures[1].err.message
  end
  local lines = list.map(failures, function(f)
    return (f.err.message:gsub("\n", "\n  "))
  end)
  return string.format("cannot %s %d of %d daemons:\n  %s", verb, #failures, of, table.concat(lines, "\n  "))
end

-- Raises one error for all that failed, by the places in daemons. Those that were
-- only blocked by another are named, not counted as failures of their own.
local function raise_failures(verb, daemons, failed)
  local failures, names, blocked = {}, {}, {}
  for i, d in ipairs(daemons) do
    local err = failed[i]
    if err and err.details and err.details.blocked_by then
      blocked[#blocked + 1] = d.name
    elseif err then
      failures[#failures + 1], names[#names + 1] = { daemon = d.name, err = err }, d.name
    end
  end
  local first, message = failures[1].err, failure_text(verb, #daemons, failures)
  if #blocked > 0 then
    message = string.format("%s\n  not started because of it: %s", message, list.text(blocked, 20))
  end
  local details = { failed = names, blocked = #blocked > 0 and blocked or nil }
  for k, v in pairs(#failures == 1 and first.details or {}) do
    details[k] = v
  end
  if #failures > 1 then
    details.errors = list.map(failures, function(f)
      return { daemon = f.daemon, kind = f.err.kind, message = f.err.message, hint = f.err.hint, details = f.err.details }
    end)
  end
  errors.raise({ kind = first.kind, op = first.op, message = message, hint = first.hint, details = details })
end

-- What is left of a daemon's settle time: all of it for one that was just started,
-- the rest for one that somebody else started a moment ago. nil: nothing.
local function settle_left(d, s)
  if not s.adopted then
    return d.settle
  end
  local left = clock.seconds(d.settle) - (s.uptime or 0)
  return left > 0 and string.format("%dms", math.ceil(left * 1000)) or nil
end

-- Waits until daemons have stayed ready for a time. Gives the errors by name, or
-- nil when there are none.
local function settle_all(started, by_name, window)
  local _, failed = parallel(started, function(s)
    local d = by_name[s.name]
    local wait = window or settle_left(d, s)
    if wait then
      settle_one(d, s, wait)
    end
  end, { limit = 1000, on_error = window and "cancel" or "wait" })
  local errs = {}
  for i, err in pairs(failed or {}) do
    errs[started[i].name] = err
  end
  return next(errs) and errs
end

--- Watches daemons that run for a time in which none may end. The first that does
--- ends the wait.
---@param started cortex.Started[]
---@param daemons cortex.Daemon[]
---@param window string
function M.settle(started, daemons, window)
  settle_all(started, list.index(daemons, "name"), window)
end

-- For each daemon the selected ones that it starts after, also through daemons that
-- are not selected: with a after b after c, a still comes after c.
local function needed(daemons)
  local selected, known = list.index(daemons, "name"), nil
  local function collect(names, found)
    for _, name in ipairs(names or {}) do
      if not found[name] then
        found[name] = true
        if not selected[name] then
          known = known or list.index(registry.daemons(), "name")
          collect(known[name] and known[name].after, found)
        end
      end
    end
    return found
  end
  local out = {}
  for _, d in ipairs(daemons) do
    out[d.name] = collect(d.after, {})
  end
  return out
end

-- For each daemon the places, in the same list, of those it starts after.
local function after(daemons)
  local needs, place = needed(daemons), {}
  for i, d in ipairs(daemons) do
    place[d.name] = i
  end
  return list.map(daemons, function(d)
    local places = {}
    for name in pairs(needs[d.name]) do
      places[#places + 1] = place[name]
    end
    return places
  end)
end

--- Starts daemons, those that do not wait for each other at the same time, and
--- waits until all are ready and stable. When some fail, the others stay.
---@param daemons cortex.Daemon[]
---@param opts { wait: string|nil }|nil
---@return cortex.Started[]
function M.start_all(daemons, opts)
  opts = opts or {}
  local rows = list.index(M.locate(daemons), "name")
  local started, failed = parallel(daemons, function(d)
    -- One look at all processes was enough: what starts later holds the lock.
    return M.start(d, { wait = opts.wait, scan = rows[d.name].state == "running" or rows[d.name].remains ~= nil })
  end, { after = after(daemons), limit = 1000, on_error = "wait" })
  failed = failed or {}
  local up = list.map(daemons, function(_, i)
    return started[i]
  end)
  local unstable = settle_all(up, list.index(daemons, "name")) or {}
  for i, d in ipairs(daemons) do
    failed[i] = failed[i] or unstable[d.name]
  end
  if next(failed) then
    raise_failures("start", daemons, failed)
  end
  return started
end

-- Stops every live instance of a daemon.
local function stop_found(d, opts)
  local result = { name = d.name, was_running = false, forced = false }
  for _ = 1, 10 do
    local found = process.locate({ d.name })[1]
    if found.state ~= "running" then
      if found.remains then
        result.planned = process.clean_up(d.name).planned or nil
        result.remains = found.remains
      end
      if found.pidfile == "stale" then
        pidfile.clear(d.pidfile.path)
      elseif found.pidfile == "refused" then
        log.warn(string.format("%s: its pidfile is refused: %s", d.name, found.why))
      end
      return result
    end
    local stopped = process.stop(found.process, { signal = d.stop.signal, grace = opts.grace or d.stop.grace })
    if d.pidfile and found.pid then
      pidfile.remove(d.pidfile.path, found.pid)
    end
    result.was_running, result.pid = true, found.pid
    result.forced, result.planned = result.forced or stopped.forced, stopped.planned or nil
  end
  errors.raise({
    kind = "conflict",
    message = string.format("cannot stop %s: something starts it again as soon as it is stopped", d.name),
    hint = "look for another manager: a cron job, a supervisor",
  })
end

-- Stops a daemon whose lock is held.
local function stop_held(d, opts)
  local result = stop_found(d, opts)
  if result.forced then
    log.warn(string.format("%s did not end within its grace period of %s and was killed", d.name, opts.grace or d.stop.grace))
  end
  return result
end

--- Stops a daemon: all instances, and all that belongs to them.
---@param d cortex.Daemon
---@param opts { wait: string|nil, grace: string|nil }|nil
---@return cortex.Stopped
function M.stop(d, opts)
  opts = opts or {}
  return locked(d, "stop", opts, function()
    return stop_held(d, opts)
  end)
end

-- Groups daemons so that each group is stopped before those it needs.
local function stop_waves(daemons)
  local depth, waves, needs = {}, {}, needed(daemons)
  for _, d in ipairs(daemons) do
    local level = 1
    for name in pairs(needs[d.name]) do
      level = math.max(level, (depth[name] or 0) + 1)
    end
    depth[d.name] = level
    waves[level] = waves[level] or {}
    table.insert(waves[level], d)
  end
  return list.reverse(waves)
end

--- Stops daemons, those that need others first. A daemon that cannot be stopped
--- does not keep the rest from being stopped; the error names all survivors.
---@param daemons cortex.Daemon[]
---@param opts { wait: string|nil, grace: string|nil }|nil
---@return cortex.Stopped[] in starting order
function M.stop_all(daemons, opts)
  local results, failures, culprits = {}, {}, {}
  for _, wave in ipairs(stop_waves(daemons)) do
    local stopped, failed = parallel(wave, function(d)
      return M.stop(d, opts)
    end, { limit = 1000, on_error = "wait" })
    for i, d in ipairs(wave) do
      results[d.name] = stopped[i]
      if failed and failed[i] then
        culprits[#culprits + 1], failures[#failures + 1] = d, failed[i]
      end
    end
  end
  if #culprits > 0 then
    raise_failures("stop", culprits, failures)
  end
  return list.map(daemons, function(d)
    return results[d.name]
  end)
end

--- Says what a start came to: "worker started (pid 4711)".
---@param s cortex.Started
---@return string
function M.started_text(s)
  if s.planned then
    return s.name .. " would be started"
  end
  return string.format("%s %s (pid %d)", s.name, s.adopted and "already runs" or "started", s.pid)
end

--- Says what a stop came to: "worker stopped".
---@param s cortex.Stopped
---@return string
function M.stopped_text(s)
  if s.planned and (s.was_running or s.remains) then
    return s.name .. " would be stopped"
  elseif s.was_running then
    return s.name .. (s.forced and " killed" or " stopped")
  elseif s.remains then
    return string.format("%s was not running; %d processes that were left of it are ended", s.name, s.remains)
  end
  return s.name .. " was not running"
end

--- Makes every check of a start that can be made while the daemons still run: what
--- could not start again must not be stopped. With program = false the programs in
--- the home are left out: an upgrade replaces them, and has looked at the new ones.
---@param daemons cortex.Daemon[]
---@param opts { program: boolean|nil }|nil
function M.check(daemons, opts)
  local program = not opts or opts.program ~= false
  for _, d in ipairs(daemons) do
    local _, err = errors.try(function()
      process.check(d.name, d.command, {
        env = d.env,
        cwd = d.cwd,
        log = d.log,
        stdout = d.stdout,
        pidfile = d.pidfile and d.pidfile.path,
        program = program,
      })
      probe.validate(d.ready, { log = d.log })
    end)
    if err then
      err.message = d.name .. " could not start again, so nothing was stopped: " .. err.message
      error(err, 0)
    end
  end
end

--- Restarts a daemon: it is ready and stable when this returns. Its lock is held
--- from first to last, so no other run starts it in between.
---@param d cortex.Daemon
---@param opts { wait: string|nil, grace: string|nil }|nil
---@return cortex.Started
function M.restart(d, opts)
  opts = opts or {}
  return locked(d, "restart", opts, function()
    M.check({ d })
    stop_held(d, opts)
    local started = start_held(d, opts)
    local _, err = errors.try(probe.settle, started.process, d.settle, { log = d.log })
    if err then
      give_up(d, started.process, err)
    end
    return started
  end)
end

return M
