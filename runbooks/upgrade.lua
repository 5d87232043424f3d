--- Upgrade to a newer release, and return to the old one if it does not hold.

local backup = require("cortex.backup")
local daemon = require("cortex.daemon")
local list = require("cortex.list")
local release = require("cortex.release")
local runbook = require("cortex.runbook")

return runbook.define({
  name = "upgrade",
  summary = "Switch to the newest release; if it does not hold, return to the old one exactly.",
  description = [[
Before anything stops: the tree is clean, the release is fetched and a
fast-forward, every script of it parses, there is room for a backup, and no
critical work is in flight. Then: stop, back up, switch, start, watch. If any of
that fails, the old release and its state come back exactly and are started.]],
  risk = "disruptive",
  timeout = "15m",
  undo_timeout = "10m",
  needs = {
    "process.read", "process.spawn", "process.signal", "git.read", "git.fetch", "git.write",
    "fs.read", "fs.write:run", "fs.write:state", "fs.write:home", "fs.write:backups", "net.dial",
  },
  params = {
    { name = "to", type = "string", doc = "a commit or tag; default: the newest of the release branch" },
    { name = "watch", type = "duration", default = "5s", doc = "how long the new release must hold once all daemons are stable" },
    { name = "fetch-timeout", type = "duration", default = "1m", doc = "how long fetching may take" },
    { name = "hooks", type = "string", default = "run", values = { "run", "skip" }, doc = "run git's hooks, rehearsed first, or not" },
    { name = "ignore-critical-work", type = "boolean", default = false, doc = "upgrade although critical work is in flight" },
    { name = "ignore-unreadable-queue", type = "boolean", default = false, doc = "upgrade although the queue cannot be read" },
  },

  ---@param run cortex.Run
  run = function(run)
    release.claim(run)
    local plan = run:step("check that an upgrade is possible", function()
      return release.preflight(run)
    end)
    if not plan.target then
      print(plan.why .. ": nothing to do")
      release.tell_down(daemon.select(), daemon.running(daemon.select()), "not running")
      return { upgraded = false, commit = plan.from.commit }
    end
    local daemons = release.hold(run)

    run:step("stop " .. #daemons .. " daemons", function()
      run:undo("start the daemons of " .. plan.from.short, function()
        release.start_again(plan.from, daemons)
      end)
      daemon.stop_all(daemons)
    end)
    local saved = run:step("back up state and scripts", function()
      return backup.create(run, plan.from, "upgrade to " .. plan.short)
    end)
    run:step("switch to " .. plan.short, function()
      run:undo("return to " .. plan.from.short .. " with its state", function()
        release.return_to(saved, plan.from, plan.target)
      end)
      release.switch(run, plan)
    end)
    run:step("start the daemons of " .. plan.short .. " and watch them", function()
      run:undo("stop the daemons of " .. plan.short, function()
        daemon.stop_all(daemons)
      end)
      release.start({ commit = plan.target, short = plan.short }, daemons, run.params.watch)
    end)
    local done = run.dry_run and "would upgrade" or "upgraded"
    print(string.format("%s %s -> %s; backup %s", done, plan.from.short, plan.short, saved))
    return {
      upgraded = true, from = plan.from.commit, commit = plan.target,
      backup = saved, daemons = list.pluck(daemons, "name"),
    }
  end,
})
