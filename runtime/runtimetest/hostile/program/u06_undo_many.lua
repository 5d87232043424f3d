-- expect: timeout | attacks: undos without end
-- more: 300ms
local runbook = require("cortex.runbook")
return runbook.define({ name = "hostile", summary = "Hostile.", risk = "safe", needs_home = false, needs = {  }, undo_timeout = "300ms", run = function(run)
  for i = 1, 50000 do run:undo("undo " .. i, function() error(("x"):rep(1000)) end) end
  while true do end
end })
