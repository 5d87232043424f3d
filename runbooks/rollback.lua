--- Return to an earlier release and its state.

local backup = require("cortex.backup")
local daemon = require("cortex.daemon")
local gates = require("cortex.gates")
local list = require("cortex.list")
local queue = require("cortex.queue")
local release = require("cortex.release")
local runbook = require("cortex.runbook")

return runbook.define({
  name = "rollback",
  summary = "Return to an earlier release and the state it had, exactly.",
  description = [[
Takes a backup that upgrade made: the one named, or the newest of an older
release. It is verified before anything stops. Files that came later are gone
afterwards; a backup of the present state is made first, and if the old release
does not hold either, that comes back.]],
  risk = "destructive",
  timeout = "15m",
  undo_timeout = "10m",
  needs = {
    "process.read", "process.spawn", "process.signal", "git.read", "git.write",
    "fs.read", "fs.write:run", "fs.write:state", "fs.write:home", "fs.write:backups", "net.dial",
  },
  params = {
    { name = "backup", type = "string", doc = "the backup: a file of backups/, or a path; default: the newest of an older release" },
    { name = "watch", type = "duration", default = "5s", doc = "how long the old release must hold after all daemons are stable" },
  },

  ---@param run cortex.Run
  run = function(run)
    release.claim(run)
    local settings, daemons, head, to = gates.settings(), release.hold(run), nil, nil
    run:step("verify the tree and the backup", function()
      head = gates.tree(settings, "roll back")
      to = backup.find(head, run.params.backup)
      backup.check_way(settings, to)
      backup.check_scripts(run.home, to, daemons)
      gates.disk(settings, "roll back")
      queue.check(settings.queue, { work = true, unreadable = true })
    end)
    local old = { commit = to.commit, short = to.commit:sub(1, 12), branch = head.branch }

    run:step("stop " .. #daemons .. " daemons", function()
      run:undo("start the daemons of " .. head.short, function()
        release.start_again(head, daemons)
      end)
      daemon.stop_all(daemons)
    end)
    local present = run:step("back up the present state", function()
      return backup.create(run, head, "rollback to " .. old.short)
    end)
    run:step("return to " .. old.short .. " with its state", function()
      run:undo("return to " .. head.short .. " with its state", function()
        release.return_to(present, head, old.commit)
      end)
      release.return_to(to.path, old)
    end)
    run:step("start the daemons of " .. old.short .. " and watch them", function()
      run:undo("stop the daemons of " .. old.short, function()
        daemon.stop_all(daemons)
      end)
      release.start(old, daemons, run.params.watch)
    end)
    local done = run.dry_run and "would roll back" or "rolled back"
    print(string.format("%s %s -> %s; the state before is in %s", done, head.short, old.short, present))
    return {
      from = head.commit, commit = old.commit,
      backup = to.path, present = present, daemons = list.pluck(daemons, "name"),
    }
  end,
})
