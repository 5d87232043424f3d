local backup = require("cortex.backup")
local check = require("spec.check")
local gates = require("cortex.gates")
local queue = require("cortex.queue")
local release = require("cortex.release")
local world = require("spec.world").new()

local told = {}
rawset(_G, "log", {
  info = function(text)
    told[#told + 1] = text
  end,
  warn = function(text)
    told[#told + 1] = "warning: " .. text
  end,
})

-- A history in one line, oldest first: a commit contains those before it. x1 is on
-- a branch of its own.
local order = { a1 = 1, b2 = 2, c3 = 3 }
local tree = {}
local function history(head, branch)
  tree = { head = head, branch = branch, obstacles = { untracked = {}, modified = {} } }
  tree.status = { conflicted = {}, staged = {}, modified = {} }
  rawset(_G, "git", {
    head = function()
      return { commit = tree.head, short = tree.head, branch = tree.branch }
    end,
    busy = function()
      return tree.busy
    end,
    status = function()
      return tree.status
    end,
    obstacles = function()
      return tree.obstacles
    end,
    resolve = function(name)
      return ({ old = "a1", new = "c3", a1 = "a1", b2 = "b2", c3 = "c3", x1 = "x1" })[name]
    end,
    is_ancestor = function(older, newer)
      return older == newer or (order[older] ~= nil and order[newer] ~= nil and order[older] < order[newer])
    end,
  })
  return git.head()
end

local settings = { remote = "origin", branch = "main", state = { "state" }, backup = { "state" } }

local function backups(list)
  rawset(_G, "archive", {
    list = function()
      return list
    end,
    verify = function(path)
      for _, b in ipairs(list) do
        if b.path == path or "backups/" .. b.path == path then
          return { meta = b.meta }
        end
      end
      errors.raise({ kind = "failed", message = path .. " is damaged" })
    end,
  })
end

return {
  ["a clean tree on its branch passes"] = function()
    history("a1", "main")
    check.equal(gates.tree(settings, "upgrade").commit, "a1")
  end,

  ["a tree that is busy, on no branch, on another one or dirty does not"] = function()
    history("a1", "main")
    tree.busy = { what = "merge", why = "a merge is not finished", hint = "abort it" }
    check.equal(check.raises("cannot upgrade: merge", gates.tree, settings, "upgrade").hint, "abort it")
    history("a1", nil)
    check.equal(check.raises("on no branch", gates.tree, settings, "upgrade").hint, "git switch main")
    history("a1", "feature")
    check.raises("on branch feature, releases are on main", gates.tree, settings, "roll back")
    history("a1", "main")
    tree.status = { conflicted = {}, staged = { "f" }, modified = { "f", "g" } }
    local err = check.raises("cannot roll back: the tree is dirty: f, g changed", gates.tree, settings, "roll back")
    check.equal({ err.kind, err.details.files }, { "conflict", { "f", "g" } })
  end,

  ["the target is the newest commit of the remote's branch"] = function()
    local head = history("a1", "main")
    check.equal(gates.target(head, settings, { branches = { main = "c3" } }), "c3")
  end,

  ["a name takes the place of the newest"] = function()
    local head = history("a1", "main")
    check.equal(gates.target(head, settings, { branches = { main = "c3" } }, "b2"), "b2")
  end,

  ["at or beyond the newest there is nothing to do"] = function()
    local head = history("b2", "main")
    local target, why = gates.target(head, settings, { branches = { main = "b2" } })
    check.equal({ target == nil, why }, { true, "already at the newest release, b2" })
    target, why = gates.target(head, settings, { branches = { main = "a1" } })
    check.equal({ target == nil, why }, { true, "already newer than origin/main: b2 is ahead of it" })
  end,

  ["an older, unknown or diverged target is refused"] = function()
    local head, fetched = history("b2", "main"), { branches = { main = "x1", trunk = "c3" } }
    local err = check.raises("old is older than the current release b2", gates.target, head, settings, fetched, "old")
    check.equal(err.hint, "cortexlua run rollback")
    check.equal(check.raises("there is no commit nowhere", gates.target, head, settings, fetched, "nowhere").kind, "not_found")
    check.raises("b2 and x1 have diverged", gates.target, head, settings, fetched)
    fetched.branches.main = nil
    check.raises("the remote origin gave no branch main", gates.target, head, settings, fetched)
  end,

  ["state is in nobody's way, other files are"] = function()
    history("a1", "main")
    tree.obstacles = { untracked = { "state/z" }, modified = { "state/a" } }
    gates.way(settings, "c3")
    check.equal(told, { "warning: the new release changes state that was changed here; it stays as it is here: state/a, state/z" })
    tree.obstacles = { untracked = { "statement" }, modified = {} }
    check.raises("untracked files are in the way of the new release: statement", gates.way, settings, "c3")
    tree.obstacles = { untracked = {}, modified = { "lib/x" } }
    check.raises("changed here and in the new release: lib/x", gates.way, settings, "c3")
  end,

  ["a daemon's script must be in the release and executable"] = function()
    local files = {
      ["bin/a"] = { mode = "100755" }, ["bin/b"] = { mode = "100644" }, ["bin/link"] = { mode = "120000" },
    }
    local function daemon(name, path)
      return { name = name, command = { path } }
    end
    local problems, found = gates.missing_scripts("/home", files, {
      daemon("a", "/home/bin/a"), daemon("b", "/home/bin/b"), daemon("c", "/home/bin/c"),
      daemon("elsewhere", "/usr/bin/python3"), daemon("link", "/home/bin/link"),
    })
    check.equal(problems, { "b: bin/b may not be executed in it", "c: bin/c is not in it" })
    check.equal(found, { ["bin/a"] = true, ["bin/link"] = true })
  end,

  ["the queue's counts are told in order"] = function()
    check.equal(queue.text({}), nil)
    check.equal(queue.text({ blocked = 1, assigned = 2 }), "1 blocked, 2 assigned")
  end,

  ["work in flight stops, unless ignored; pending work is only told"] = function()
    rawset(_G, "json", {
      query_file = function()
        return { pending = 2, in_flight = { assigned = 1 } }
      end,
    })
    local err = check.raises("critical work is in flight: 1 assigned", queue.check, "q.json", {})
    check.equal({ err.kind, err.details.pending }, { "conflict", 2 })
    queue.check("q.json", { work = true })
    check.equal(told[#told], "warning: critical work is in flight: 1 assigned")
    check.equal(told[1], "critical and pending, so not begun: 2")
    queue.check(nil, {})
  end,

  ["a queue that cannot be read is not an empty one"] = function()
    rawset(_G, "json", {
      query_file = function()
        errors.raise({ kind = "not_found", message = "no such file" })
      end,
    })
    check.raises("cannot tell whether critical work is in flight: no such file", queue.check, "q.json", { work = true })
    queue.check("q.json", { unreadable = true })
  end,

  ["a rollback goes to the newest backup of an older release"] = function()
    local head = history("b2", "main")
    backups({
      { path = "1", meta = { commit = "c3" } }, { path = "2", meta = { commit = "b2" } }, { path = "3", why = "torn" },
      { path = "4", meta = {} }, { path = "5", meta = { commit = "gone" } }, { path = "6", meta = { commit = "a1" } },
    })
    check.equal(backup.find(head), { path = "6", commit = "a1" })
    check.equal(told, { "warning: passing over a backup that cannot be read: torn" })
  end,

  ["a backup that is damaged, or of no known commit, is refused"] = function()
    local head = history("b2", "main")
    backups({ { path = "4", meta = {} }, { path = "5", meta = { commit = "gone" } } })
    check.raises("has none of a release older than b2", backup.find, head)
    check.raises("does not say which release", backup.find, head, "4")
    check.raises("the commit gone, which this repository does not have", backup.find, head, "5")
    local err = check.raises("backups/6 is damaged", backup.find, head, "6")
    check.equal(err.hint, "name another one with --backup; ls -lt backups shows them")
  end,

  ["daemons start on the tree of their release only"] = function()
    local head = history("a1", "main")
    local a = world.daemon("a")
    tree.head = "b2"
    check.raises("not started, since the work tree is at b2 and not at a1", release.start, head, { a })
    check.equal(world.done, {})
    tree.head = "a1"
    release.start(head, { a })
    check.equal(world.live.a ~= nil, true)
  end,

  ["what is still ending is not taken for running"] = function()
    local head = history("a1", "main")
    local a = world.daemon("a")
    world.start("a", 7)
    release.start_again(head, { a })
    check.equal({ world.done[1], world.live.a.pid }, { "stop a", 101 })
  end,

  ["what cannot be stopped is let be, and named"] = function()
    local head = history("a1", "main")
    local a, b = world.daemon("a"), world.daemon("b")
    world.start("a", 7)
    world.fails["stop a"] = "it cannot be ended"
    check.raises("it cannot be ended", release.start_again, head, { a, b })
    check.equal({ world.live.a.pid, world.live.b ~= nil }, { 7, true })
  end,
}
