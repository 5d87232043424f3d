--- The gates of an upgrade or rollback: what must hold before anything stops.
---
--- Each looks, changes nothing, and raises an error with the next command when the
--- answer is no, or cannot be told.
local list = require("cortex.list")
local text = require("cortex.text")

local M = {}

---@class cortex.Head what git.head gives
---@field commit string
---@field short string
---@field branch string|nil

local function refuse(kind, message, hint, details)
  errors.raise({ kind = kind, message = message, hint = hint, details = details })
end

--- What the registry says about releases, with no list left out. There must be
--- something to back up: without it there is no way back.
---@return table
function M.settings()
  local settings = registry.release()
  for _, name in ipairs({ "scripts", "backup", "exclude", "state" }) do
    settings[name] = settings[name] or {}
  end
  local there = list.filter(settings.backup, function(dir)
    return fs.exists(dir)
  end)
  if #there == 0 then
    local hint = "set release.backup in it to the folders with state and scripts"
    refuse("invalid", "the registry names nothing of this home to back up", hint)
  end
  return settings
end

--- The repository is not in the middle of something else.
---@param verb string "upgrade" or "roll back", for messages
function M.idle(verb)
  local busy = git.busy()
  if busy then
    refuse("conflict", string.format("cannot %s: %s: %s", verb, busy.what, busy.why), busy.hint, { busy = busy.what, path = busy.path })
  end
end

--- The work tree is on the branch of releases.
---@param settings table registry.release()
---@param verb string
---@return cortex.Head
function M.on_branch(settings, verb)
  local head = git.head()
  if not head.branch then
    refuse(
      "conflict",
      string.format("cannot %s: the work tree is on no branch (detached head at %s)", verb, head.short),
      "git switch " .. settings.branch
    )
  elseif head.branch ~= settings.branch then
    refuse(
      "conflict",
      string.format("cannot %s: the work tree is on branch %s, releases are on %s", verb, head.branch, settings.branch),
      "git switch " .. settings.branch .. ", or change release.branch in the registry"
    )
  end
  return head
end

--- Nothing tracked is changed but state, which daemons write. Untracked files are
--- let be: whether one is in the way is another gate's question.
---@param settings table
---@param verb string
function M.clean(settings, verb)
  local status = git.status({ exclude = settings.state })
  local dirty, seen = {}, {}
  for _, what in ipairs({ "conflicted", "staged", "modified" }) do
    for _, path in ipairs(status[what]) do
      if not seen[path] then
        dirty[#dirty + 1], seen[path] = path, true
      end
    end
  end
  if #dirty > 0 then
    refuse(
      "conflict",
      string.format("cannot %s: the tree is dirty: %s changed and not committed", verb, list.text(dirty)),
      "git diff HEAD shows it; commit it, or drop it with git restore --staged --worktree FILE",
      { files = dirty }
    )
  end
end

--- The three above.
---@param settings table
---@param verb string
---@return cortex.Head
function M.tree(settings, verb)
  M.idle(verb)
  local head = M.on_branch(settings, verb)
  M.clean(settings, verb)
  return head
end

-- The commit at the tip of the release branch, as the remote just gave it.
local function newest(settings, fetched)
  local commit = fetched.branches[settings.branch]
  if commit then
    return commit
  end
  local names = {}
  for name in pairs(fetched.branches) do
    names[#names + 1] = name
  end
  table.sort(names)
  refuse(
    "not_found",
    string.format("cannot upgrade: the remote %s gave no branch %s", settings.remote, settings.branch),
    (#names > 0 and "it gave " .. list.text(names) or "look at git remote -v")
      .. "; release.remote and release.branch in the registry say where releases come from"
  )
end

local function named(name)
  local commit = git.resolve(name)
  if not commit then
    refuse("not_found", "cannot upgrade: there is no commit " .. name, "git tag --list, or git log --oneline --all")
  end
  return commit
end

--- Finds the commit to switch to: nil, with a sentence that says why, when there is
--- nothing to do. It must contain the current one.
---@param head cortex.Head
---@param settings table
---@param fetched { branches: table<string, string> }
---@param to string|nil the name that the operator gave
---@return string|nil commit, string|nil why
function M.target(head, settings, fetched, to)
  local target = to and named(to) or newest(settings, fetched)
  if target == head.commit then
    return nil, (to and "already at " .. to or "already at the newest release") .. ", " .. head.short
  end
  if git.is_ancestor(target, head.commit) then
    if to then
      refuse("conflict", string.format("cannot upgrade: %s is older than the current release %s", to, head.short), "cortexlua run rollback")
    end
    return nil, string.format("already newer than %s/%s: %s is ahead of it", settings.remote, settings.branch, head.short)
  end
  if not git.is_ancestor(head.commit, target) then
    refuse(
      "conflict",
      string.format("cannot upgrade: %s and %s have diverged, so it is no fast-forward", head.short, target:sub(1, 12)),
      "git log --oneline --left-right HEAD..." .. target:sub(1, 12)
    )
  end
  return target
end

-- Tells whether a path is at or below one of others.
local function within(path, tops)
  for _, top in ipairs(tops) do
    if path == top or path:sub(1, #top + 1) == top .. "/" then
      return true
    end
  end
  return false
end

--- No file of the work tree is in the way of the switch. State is not: daemons own
--- it, so what they wrote is kept, whatever the new release has there.
---@param settings table
---@param target string
function M.way(settings, target)
  local kept = {}
  local function in_the_way(paths)
    return list.filter(paths, function(path)
      local state = within(path, settings.state)
      kept[#kept + 1] = state and path or nil
      return not state
    end)
  end
  local obstacles = git.obstacles(target)
  local untracked, modified = in_the_way(obstacles.untracked), in_the_way(obstacles.modified)
  if #untracked > 0 then
    refuse(
      "conflict",
      "cannot upgrade: untracked files are in the way of the new release: " .. list.text(untracked),
      "move them out of the tree: mv FILE /tmp/",
      { files = untracked }
    )
  end
  if #modified > 0 then
    refuse(
      "conflict",
      "cannot upgrade: files changed here and in the new release: " .. list.text(modified),
      "git diff HEAD shows how; commit it, or drop it with git restore --staged --worktree FILE",
      { files = modified }
    )
  end
  if #kept > 0 then
    table.sort(kept)
    log.warn("the new release changes state that was changed here; it stays as it is here: " .. list.text(kept))
  end
end

--- No submodule moves: a switch does not update their files, so the release would
--- be half old.
---@param head cortex.Head
---@param target string
function M.submodules(head, target)
  local changed = list.index(git.changes(head.commit, target), "path")
  local moved = list.filter(git.files(target), function(file)
    return file.mode == "160000" and changed[file.path] ~= nil
  end)
  if #moved > 0 then
    refuse(
      "conflict",
      "cannot upgrade: the new release moves submodules, whose files an upgrade does not touch: " .. list.text(list.pluck(moved, "path")),
      "stop the daemons, then git merge --ff-only " .. target:sub(1, 12) .. " && git submodule update"
    )
  end
end

-- A path below the home, or nil.
local function below(home, path)
  if path:sub(1, #home + 1) == home .. "/" then
    return path:sub(#home + 2)
  end
end

local function executable(mode)
  return mode == "100755" or mode == "120000"
end

--- Tells what keeps daemons from starting in a commit: their script is not there,
--- or may not be executed.
---@param home string
---@param files table<string, { mode: string }> the commit's files by path
---@param daemons cortex.Daemon[]
---@return string[] problems, table<string, boolean> paths of the scripts found
function M.missing_scripts(home, files, daemons)
  local problems, found = {}, {}
  for _, d in ipairs(daemons) do
    local path = below(home, d.command[1])
    local file = path and files[path]
    if path and not file then
      problems[#problems + 1] = string.format("%s: %s is not in it", d.name, path)
    elseif file and not executable(file.mode) then
      problems[#problems + 1] = string.format("%s: %s may not be executed in it", d.name, path)
    elseif file then
      found[path] = true
    end
  end
  return problems, found
end

--- Every script of a release is there, may be executed, and parses: the daemons'
--- own, and those that settings.scripts names.
---@param home string
---@param target string
---@param settings table
---@param daemons cortex.Daemon[]
---@return integer how many parse
function M.scripts(home, target, settings, daemons)
  local problems, wanted = M.missing_scripts(home, list.index(git.files(target), "path"), daemons)
  if #settings.scripts > 0 then
    for _, file in ipairs(git.files(target, { patterns = settings.scripts })) do
      wanted[file.path] = file.mode ~= "120000" and file.mode ~= "160000" or nil
    end
  end
  local checked = 0
  for path in pairs(wanted) do
    local result = syntax.check(path, git.show_file(target, path))
    if not result.ok then
      problems[#problems + 1] = result.why
    end
    checked = checked + (result.checked and 1 or 0)
  end
  if #problems > 0 then
    table.sort(problems)
    refuse(
      "failed",
      "cannot upgrade: the new release " .. target:sub(1, 12) .. " is broken: " .. list.text(problems),
      "have it fixed in a newer commit, or upgrade --to another one",
      { problems = problems }
    )
  end
  return checked
end

--- There is room for the backup and for the trees that are unpacked beside the old
--- ones.
---@param settings table
---@param verb string
function M.disk(settings, verb)
  local need = 16 * 1024 * 1024
  for _, dir in ipairs(settings.backup) do
    if fs.exists(dir) then
      need = need + 2 * fs.usage(dir).bytes
    end
  end
  for _, dir in ipairs({ "backups", "." }) do
    local free = fs.disk_free(dir).free
    if free < need then
      refuse(
        "failed",
        string.format("cannot %s: the disk of %s has %s free, a backup may need %s", verb, dir, text.size(free), text.size(need)),
        "free some space, for example by moving old files out of backups/",
        { free = free, needed = need }
      )
    end
  end
end

return M
