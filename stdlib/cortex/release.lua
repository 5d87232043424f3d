--- Releases: the gates before an upgrade, backups, the switch and the way back.
---
--- Everything that can be known is checked before anything stops; fetch comes
--- first, the switch last.
local daemon = require("cortex.daemon")
local list = require("cortex.list")

local M = {}

---@class cortex.Plan
---@field from { commit: string, short: string, branch: string }
---@field target string|nil the commit to switch to; nil when there is nothing to do
---@field short string|nil
---@field commits integer|nil

local function refuse(message, hint, kind, details)
  errors.raise({ kind = kind or "conflict", message = message, hint = hint, details = details })
end

--- The work tree: a branch, nothing in progress, nothing modified.
---@return { commit: string, short: string, branch: string }
function M.check_tree(settings)
  local busy = git.busy()
  if busy then
    refuse(string.format("cannot upgrade: %s: %s", busy.what, busy.why), busy.hint or "finish or abort it, then try again")
  end
  local head = git.head()
  if not head.branch then
    refuse("cannot upgrade: the work tree is on no branch (detached head at " .. head.short .. ")", "git switch " .. settings.branch)
  elseif head.branch ~= settings.branch then
    refuse(
      string.format("cannot upgrade: the work tree is on branch %s, releases are on %s", head.branch, settings.branch),
      "git switch " .. settings.branch .. ", or change release.branch in the registry"
    )
  end
  local status = git.status({ exclude = settings.state })
  local dirty = {}
  for _, what in ipairs({ "conflicted", "staged", "modified" }) do
    for _, path in ipairs(status[what]) do
      dirty[#dirty + 1] = path
    end
  end
  if #dirty > 0 then
    refuse("cannot upgrade: the tree is dirty, changes are not committed in " .. list.text(dirty), "git status; commit or stash them", nil, { files = dirty })
  end
  return head
end

-- The commit to switch to, or nil when it is there already.
local function find_target(head, settings, to)
  local name = to or ("refs/remotes/" .. settings.remote .. "/" .. settings.branch)
  local target = git.resolve(name)
  if not target then
    refuse("cannot upgrade: there is no commit " .. name, "git log " .. settings.remote .. "/" .. settings.branch, "not_found")
  end
  if target == head.commit or git.is_ancestor(target, head.commit) then
    return nil
  end
  if not git.is_ancestor(head.commit, target) then
    refuse(
      string.format("cannot upgrade: %s and %s have diverged, so it is no fast-forward", head.short, target:sub(1, 12)),
      "git log --oneline --left-right HEAD..." .. target:sub(1, 12)
    )
  end
  return target
end

--- No file of the work tree is in the way of the switch.
---@param target string
function M.check_way(target)
  local obstacles = git.obstacles(target)
  if #obstacles.untracked > 0 then
    refuse("cannot upgrade: untracked files are in the way of the new release: " .. list.text(obstacles.untracked), "move them away")
  end
  if #obstacles.modified > 0 then
    refuse("cannot upgrade: files changed here and in the new release: " .. list.text(obstacles.modified), "git diff; commit or restore them")
  end
end

-- A path below the home, or nil.
local function below(home, path)
  if path:sub(1, #home + 1) == home .. "/" then
    return path:sub(#home + 2)
  end
end

--- Every script of the registry is there in the new tree, may be executed, and
--- parses.
---@param home string
---@param target string
---@param settings table
---@return integer how many were checked
function M.check_scripts(home, target, settings)
  local wanted, problems = {}, {}
  for _, d in ipairs(registry.daemons()) do
    local rel = below(home, d.command[1])
    if rel then
      wanted[rel] = d.name
    end
  end
  local files = list.index(git.files(target), "path")
  for path, name in pairs(wanted) do
    if not files[path] then
      problems[#problems + 1] = string.format("%s: %s is not in the new release", name, path)
    elseif files[path].mode ~= "100755" then
      problems[#problems + 1] = string.format("%s: %s may not be executed in the new release", name, path)
    end
  end
  if #settings.scripts > 0 then
    for _, file in ipairs(git.files(target, { patterns = settings.scripts })) do
      wanted[file.path] = wanted[file.path] or file.path
    end
  end
  local checked = 0
  for path in pairs(wanted) do
    local found = files[path] and syntax.check(path, git.show_file(target, path))
    if found and not found.ok then
      problems[#problems + 1] = found.why
    end
    checked = checked + (found and found.checked and 1 or 0)
  end
  if #problems > 0 then
    table.sort(problems)
    refuse("cannot upgrade: the new release has broken scripts: " .. table.concat(problems, "; "), "fix them in a newer commit", "failed", { problems = problems })
  end
  return checked
end

-- In jq: what is critical, by status. Final work does not count; pending work has
-- not begun and is shown apart.
local queue_program = [[
  if (type == "object" and (.tasks | type) == "array" and all(.tasks[]; type == "object" and (.status | type) == "string"))
  then [.tasks[] | select(.priority == "critical") | .status]
       | map(ascii_downcase | gsub("-"; "_"))
       | { pending: map(select(. == "pending" or . == "queued")) | length,
           in_flight: (map(select(IN("pending", "queued", "completed", "done", "failed", "cancelled", "canceled") | not))
                       | group_by(.) | map({ key: .[0], value: length }) | from_entries) }
  else error("it is not a queue: an object with a list of tasks, each with a status")
  end]]

--- Nothing critical is being worked on. A queue that cannot be read is "cannot
--- tell", which is not the same as empty.
---@param settings table
---@param params table
function M.check_queue(settings, params)
  if not settings.queue then
    return
  end
  local queue, err = errors.try(json.query_file, settings.queue, queue_program)
  if err then
    if params["ignore-unreadable-queue"] then
      log.warn("cannot tell whether critical work is in flight: " .. err.message)
      return
    end
    refuse(
      "cannot tell whether critical work is in flight: " .. err.message,
      "repair " .. settings.queue .. ", or upgrade with --ignore-unreadable-queue"
    )
  end
  local busy = {}
  for status, count in pairs(queue.in_flight) do
    busy[#busy + 1] = count .. " " .. status
  end
  table.sort(busy)
  if #busy > 0 and not params["ignore-critical-work"] then
    refuse(
      "cannot upgrade: critical work is in flight: " .. table.concat(busy, ", "),
      "wait until it is done, or upgrade with --ignore-critical-work",
      nil,
      { in_flight = queue.in_flight, pending = queue.pending }
    )
  elseif #busy > 0 then
    log.warn("critical work is in flight: " .. table.concat(busy, ", "))
  end
  if queue.pending > 0 then
    log.info(queue.pending .. " critical tasks are pending; they begin after the upgrade")
  end
end

--- There is room for the backup, twice over.
---@param settings table
function M.check_disk(settings)
  local need = 16 * 1024 * 1024
  for _, dir in ipairs(settings.backup) do
    if fs.exists(dir) then
      need = need + 2 * fs.usage(dir).bytes
    end
  end
  local disk = fs.disk_free("backups")
  if disk.free < need then
    refuse(
      string.format("cannot upgrade: %d MB are free for the backup, %d MB are needed", disk.free / 1e6, need / 1e6),
      "remove old files from backups/",
      "failed"
    )
  end
end

--- Makes every check that must pass before anything stops.
---@param run cortex.Run
---@return cortex.Plan
function M.preflight(run)
  local settings, params = registry.release(), run.params
  local head = M.check_tree(settings)
  git.fetch(settings.remote, { timeout = params["fetch-timeout"] })
  local target = find_target(head, settings, params.to)
  if not target then
    return { from = head }
  end
  M.check_way(target)
  local scripts = M.check_scripts(run.home, target, settings)
  if params.hooks == "run" then
    git.rehearse(target)
  end
  M.check_disk(settings)
  M.check_queue(settings, params)
  local commits = #git.log(head.commit, target, { limit = 1000 })
  log.info(string.format("%s -> %s: %d commits, %d scripts parse", head.short, target:sub(1, 12), commits, scripts))
  return { from = head, target = target, short = target:sub(1, 12), commits = commits }
end

-- What a backup of this release holds.
local function sources(settings)
  local found = {}
  for _, dir in ipairs(settings.backup) do
    if fs.exists(dir) then
      local exclude = {}
      for _, path in ipairs(settings.exclude or {}) do
        exclude[#exclude + 1] = path:sub(1, #dir + 1) == dir .. "/" and path:sub(#dir + 2) or nil
      end
      found[#found + 1] = { name = dir, dir = dir, exclude = exclude }
    end
  end
  return found
end

--- Backs up state and scripts of the current release and verifies the backup.
---@param run cortex.Run
---@param head table git.head()
---@param why string what it is made before
---@return string path
function M.backup(run, head, why)
  local settings = registry.release()
  local path = string.format("backups/%s-%s.tar.gz", clock.format(clock.now(), { layout = "compact" }), run.id:sub(-6):lower())
  fs.mkdir("backups", { parents = true })
  archive.create(path, {
    sources = sources(settings),
    meta = { commit = head.commit, branch = head.branch or "", run = run.id, before = why, created_by = run.name },
  })
  if not run.dry_run then
    archive.verify(path)
  end
  return path
end

--- Returns code and state to what a backup holds, exactly: files that came later
--- are gone. Then it looks whether that is so.
---@param path string the backup
---@param head { commit: string, short: string, branch: string } the release it belongs to
function M.return_to(path, head)
  local settings = registry.release()
  git.return_to(head.commit, { branch = head.branch })
  archive.restore(path, { exclude = settings.exclude })
  local now = git.head()
  if now.commit ~= head.commit then
    errors.raise({ kind = "failed", message = "the work tree is at " .. now.short .. ", not at " .. head.short, hint = "git status" })
  end
  local differs = archive.compare(path, { exclude = settings.exclude })
  if #differs > 0 then
    errors.raise({ kind = "failed", message = "not restored as the backup holds it: " .. list.text(differs), hint = "cortexlua run rollback --backup " .. path })
  end
end

--- Starts daemons and watches them for a window, in which none may die.
---@param daemons cortex.Daemon[]
---@param window string
function M.start_and_watch(daemons, window)
  daemon.settle(daemon.start_all(daemons), daemons, window)
end

--- Finds the backup to roll back to: the one named, or the newest that belongs to
--- an older release than the current one. It is verified.
---@param head table git.head()
---@param name string|nil
---@return { path: string, meta: table }
function M.find_backup(head, name)
  if name then
    local path = name:find("/", 1, true) and name or "backups/" .. name
    return { path = path, meta = archive.verify(path).meta }
  end
  for _, found in ipairs(archive.list("backups")) do
    local meta = found.meta
    if meta and meta.commit and meta.commit ~= head.commit and git.resolve(meta.commit) and git.is_ancestor(meta.commit, head.commit) then
      return { path = found.path, meta = archive.verify(found.path).meta }
    end
  end
  refuse(
    "cannot roll back: no backup of a release older than " .. head.short .. " in backups/",
    "cortexlua run rollback --backup FILE names one",
    "not_found"
  )
end

return M
