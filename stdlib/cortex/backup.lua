--- Backups of a release: its state and scripts, with the commit they belong to.
local gates = require("cortex.gates")
local list = require("cortex.list")

local M = {}

---@class cortex.Backup
---@field path string
---@field commit string the release that it belongs to

-- What a backup of this release holds.
local function sources(settings)
  local found = {}
  for _, dir in ipairs(settings.backup) do
    if fs.exists(dir) then
      local exclude = {}
      for _, path in ipairs(settings.exclude) do
        exclude[#exclude + 1] = path:sub(1, #dir + 1) == dir .. "/" and path:sub(#dir + 2) or nil
      end
      found[#found + 1] = { name = dir, dir = dir, exclude = exclude }
    end
  end
  return found
end

--- Backs up state and scripts of the current release and verifies the backup.
---@param run cortex.Run
---@param head cortex.Head
---@param why string what it is made before
---@return string path
function M.create(run, head, why)
  local path = string.format("backups/%s-%s.tar.gz", clock.format(clock.now(), { layout = "compact" }), run.id:sub(-6):lower())
  fs.mkdir("backups", { parents = true })
  local made = archive.create(path, {
    sources = sources(gates.settings()),
    meta = { commit = head.commit, branch = head.branch or "", run = run.id, before = why, created_by = run.name },
  })
  if #made.changed > 0 then
    log.warn("another program wrote while the backup was made, to " .. list.text(made.changed))
  end
  if not run.dry_run then
    archive.verify(path)
  end
  return path
end

-- A backup that can be returned to: whole, made by an upgrade or rollback, and of
-- a commit that this repository has.
local function usable(path)
  local verified, err = errors.try(archive.verify, path)
  if err then
    local hint = "name another one with --backup; ls -lt backups shows them"
    errors.raise({ kind = err.kind, op = err.op, message = err.message, hint = hint, details = err.details })
  end
  local meta = verified.meta
  if not meta.commit then
    errors.raise({
      kind = "invalid",
      message = "cannot roll back: " .. path .. " does not say which release it belongs to",
      hint = "cortexlua run rollback --backup FILE, with one that upgrade made",
    })
  end
  if not git.resolve(meta.commit) then
    errors.raise({
      kind = "not_found",
      message = string.format(
        "cannot roll back: %s belongs to the commit %s, which this repository does not have", path, meta.commit:sub(1, 12)
      ),
      hint = "git fetch the remote that has it, or name another backup",
      details = { backup = path, commit = meta.commit },
    })
  end
  return { path = path, commit = meta.commit }
end

-- The newest backup of a release older than the current one. Damaged manifests are
-- told: a silent step to an even older release would be a surprise.
local function newest_older(head)
  for _, found in ipairs(archive.list("backups")) do
    if not found.meta then
      log.warn("passing over a backup that cannot be read: " .. found.why)
    else
      local commit = found.meta.commit
      if commit and commit ~= head.commit and git.resolve(commit) and git.is_ancestor(commit, head.commit) then
        return found.path
      end
    end
  end
  errors.raise({
    kind = "not_found",
    message = "cannot roll back: backups/ has none of a release older than " .. head.short,
    hint = "ls backups; cortexlua run rollback --backup FILE takes the one you name",
  })
end

--- Finds the backup to return to: the one named, or the newest that belongs to a
--- release older than the current one. Every byte of it is verified.
---@param head cortex.Head
---@param name string|nil a file of backups/, or a path
---@return cortex.Backup
function M.find(head, name)
  if not name then
    return usable(newest_older(head))
  end
  return usable(name:find("/", 1, true) and name or "backups/" .. name)
end

--- The release of a backup has the scripts of daemons that are to run on it.
---@param home string
---@param backup cortex.Backup
---@param daemons cortex.Daemon[]
function M.check_scripts(home, backup, daemons)
  local problems = gates.missing_scripts(home, list.index(git.files(backup.commit), "path"), daemons)
  if #problems > 0 then
    errors.raise({
      kind = "failed",
      message = "cannot roll back: daemons that run now cannot run on " .. backup.commit:sub(1, 12) .. ": " .. list.text(problems),
      hint = "stop those daemons first: cortexlua run stop NAME",
      details = { problems = problems },
    })
  end
end

--- No untracked file would be lost by returning to a backup. Those in the folders
--- that the backup of the present state holds are not lost.
---@param settings table
---@param backup cortex.Backup
function M.check_way(settings, backup)
  local lost = list.filter(git.obstacles(backup.commit).untracked, function(path)
    return not list.contains(settings.backup, (path:match("^[^/]+")))
  end)
  if #lost > 0 then
    errors.raise({
      kind = "conflict",
      message = "cannot roll back: untracked files are in the way of the old release: " .. list.text(lost),
      hint = "move them out of the tree: mv FILE /tmp/",
      details = { files = lost },
    })
  end
end

return M
