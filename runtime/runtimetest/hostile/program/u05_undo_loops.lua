-- expect: timeout | attacks: an undo that never ends
-- more: 2300ms
local runbook = require("cortex.runbook")
return runbook.define({ name = "hostile", summary = "Hostile.", risk = "safe", needs_home = false, needs = {  }, undo_timeout = "300ms", run = function(run)
  run:undo("never ends", function() while true do end end)
  run:on_exit(function() while true do end end)
  while true do end
end })
