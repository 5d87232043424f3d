--- Releases: what an upgrade and a rollback do between their gates and their end.
---
--- Everything that can be known is checked before anything stops; fetch comes
--- first, the switch last.
local daemon = require("cortex.daemon")
local gates = require("cortex.gates")
local list = require("cortex.list")
local queue = require("cortex.queue")

local M = {}

---@class cortex.Plan
---@field from cortex.Head
---@field target string|nil the commit to switch to; nil when there is nothing to do
---@field why string|nil why there is nothing to do
---@field short string|nil

--- Keeps other upgrades and rollbacks of this home out until the run ends.
---@param run cortex.Run
function M.claim(run)
  local _, err = errors.try(lock.acquire, "release", { purpose = run.name })
  if err and err.kind == "conflict" then
    errors.raise({
      kind = "conflict",
      message = string.format("cannot go on: the release of this home is in the hands of %s", err.details.holder),
      hint = "wait until that run has ended, then look where it left things: cortexlua run status",
      details = err.details,
    })
  elseif err then
    error(err, 0)
  end
end

-- Tries the repository's hooks where they can do no harm.
local function rehearse(target)
  local _, err = errors.try(git.rehearse, target)
  if err then
    local hint = err.details.hook and "mend the hook, or run it with --hooks skip" or err.hint
    errors.raise({ kind = err.kind, op = err.op, message = err.message, hint = hint, details = err.details })
  end
end

--- Makes every check that must pass before an upgrade stops anything.
---@param run cortex.Run
---@return cortex.Plan
function M.preflight(run)
  local settings, params = gates.settings(), run.params
  local head = gates.tree(settings, "upgrade")
  local fetched = git.fetch(settings.remote, { timeout = params["fetch-timeout"] })
  local target, why = gates.target(head, settings, fetched, params.to)
  if not target then
    return { from = head, why = why }
  end
  gates.way(settings, target)
  gates.submodules(head, target)
  local scripts = gates.scripts(run.home, target, settings, daemon.select())
  gates.disk(settings, "upgrade")
  queue.check(settings.queue, { work = params["ignore-critical-work"], unreadable = params["ignore-unreadable-queue"] })
  if params.hooks == "run" then
    rehearse(target)
  end
  local commits = #git.log(head.commit, target, { limit = 1000 })
  local plural = commits == 1 and "" or "s"
  log.info(string.format("%s -> %s: %d commit%s, %d scripts parse", head.short, target:sub(1, 12), commits, plural, scripts))
  return { from = head, target = target, short = target:sub(1, 12) }
end

--- Holds all daemons for this run and tells which of them run.
---@param run cortex.Run
---@return cortex.Daemon[]
function M.hold(run)
  local all = daemon.select()
  daemon.hold(all, run.name)
  local running = daemon.running(all)
  daemon.check(running, { program = false })
  M.tell_down(all, running, "not running, and so not started afterwards")
  return running
end

--- Warns of daemons that do not run: an earlier run may have been killed after it
--- stopped them.
---@param all cortex.Daemon[]
---@param running cortex.Daemon[]
---@param what string
function M.tell_down(all, running, what)
  local runs = list.index(running, "name")
  local down = list.filter(all, function(d)
    return not runs[d.name]
  end)
  if #down > 0 then
    local names = list.pluck(down, "name")
    log.warn(string.format("%s: %s; next: cortexlua run start %s", what, list.text(names), table.concat(names, " ")))
  end
end

--- Switches the work tree to the commit of a plan. State that daemons wrote stays.
---@param run cortex.Run
---@param plan cortex.Plan
function M.switch(run, plan)
  git.fast_forward(plan.target, { hooks = run.params.hooks == "run", keep = gates.settings().state })
end

--- Returns code and state to what a backup holds, exactly: files that came later
--- are gone. Then it looks whether that is so.
---@param path string the backup
---@param head cortex.Head the release that it belongs to
---@param leaving string|nil the commit that a switch which may be half done was for
function M.return_to(path, head, leaving)
  local settings = gates.settings()
  git.return_to(head.commit, { branch = head.branch, leaving = leaving, locks = "break", exclude = settings.state })
  local _, err = errors.try(archive.restore, path, { exclude = settings.exclude })
  if err then
    errors.raise({
      kind = err.kind,
      op = err.op,
      message = string.format("the code is that of %s again, its state is not: %s", head.short, err.message),
      hint = "ls -lt backups; cortexlua run rollback --backup FILE restores the state from one",
      details = err.details,
    })
  end
  local now = git.head()
  if now.commit ~= head.commit then
    errors.raise({ kind = "failed", message = "the work tree is at " .. now.short .. ", not at " .. head.short, hint = "git status" })
  end
  local differs = archive.compare(path, { exclude = settings.exclude })
  if #differs > 0 then
    errors.raise({
      kind = "failed",
      message = "not as the backup " .. path .. " has it: " .. list.text(differs),
      hint = "find what writes there and stop it, then cortexlua run rollback --backup " .. path,
      details = { files = differs },
    })
  end
end

--- Starts daemons of a release and watches them for a window, in which none may
--- die. On another tree than that of the release they are not started: nobody would
--- know what ran.
---@param head cortex.Head|{ commit: string, short: string }
---@param daemons cortex.Daemon[]
---@param window string|nil nil: they must be stable, and that is enough
function M.start(head, daemons, window)
  local now = git.head()
  if now.commit ~= head.commit then
    errors.raise({
      kind = "conflict",
      message = string.format("not started, since the work tree is at %s and not at %s", now.short, head.short),
      hint = "put the tree right, then cortexlua run start " .. table.concat(list.pluck(daemons, "name"), " "),
    })
  end
  local started = daemon.start_all(daemons)
  if window then
    daemon.settle(started, daemons, window)
  end
end

--- Starts daemons again that were stopped, or told to stop, on the release that
--- they ran on. One that is still ending must not be taken for one that runs, and
--- one that cannot be stopped is of nobody knows which release: it is let be, and
--- the error names it.
---@param head cortex.Head
---@param daemons cortex.Daemon[]
function M.start_again(head, daemons)
  local _, err = errors.try(daemon.stop_all, daemons)
  local left = err and list.index(daemon.running(daemons), "name") or {}
  M.start(head, list.filter(daemons, function(d)
    return not left[d.name]
  end))
  if err then
    error(err, 0)
  end
end

return M
