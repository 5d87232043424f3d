--- Return to an earlier release and its state.

local daemon = require("cortex.daemon")
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
    local settings = registry.release()
    local head, backup = run:step("verify the tree and the backup", function()
      local head = release.check_tree(settings)
      return head, release.find_backup(head, run.params.backup)
    end)
    local old = { commit = backup.meta.commit, short = backup.meta.commit:sub(1, 12), branch = head.branch }
    local daemons = daemon.running(daemon.select())

    run:step("stop " .. #daemons .. " daemons", function()
      run:undo("start the daemons of " .. head.short, function()
        release.start_and_watch(daemons, run.params.watch)
      end)
      daemon.stop_all(daemons)
    end)
    local present = run:step("back up the present state", function()
      return release.backup(run, head, "rollback to " .. old.short)
    end)
    run:step("return to " .. old.short .. " with its state", function()
      run:undo("return to " .. head.short .. " with its state", function()
        release.return_to(present, head)
      end)
      release.return_to(backup.path, old)
    end)
    run:step("start the daemons of " .. old.short .. " and watch them", function()
      run:undo("stop the daemons of " .. old.short, function()
        daemon.stop_all(daemons)
      end)
      release.start_and_watch(daemons, run.params.watch)
    end)
    print(string.format("rolled back %s -> %s; the state before is in %s", head.short, old.short, present))
    return { from = head.commit, commit = old.commit, backup = backup.path, present = present }
  end,
})
