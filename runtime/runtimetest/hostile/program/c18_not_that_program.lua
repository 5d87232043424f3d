-- expect: denied | attacks: programs other than the one allowed
-- needs: process.spawn:sh
-- setup: printf '#!/bin/bash\necho evil\n' > sh; chmod +x sh; cp sh ../outside/evil; ln -s /bin/sh link
for _, cmd in ipairs({ { "bash", "-c", "true" }, { "./sh" }, { "/bin/sh", "-c", "true" }, { "../outside/evil" }, { "./link", "-c", "true" }, { "env", "sh" }, { "sh/../bash" }, { " sh" }, { "sh " }, { "SH" } }) do
  if pcall(process.run, cmd) then print("ESCAPED", cmd[1]) end
end
for _, o in ipairs({ { env = { PATH = "." } }, { env = { PATH = run.home } } }) do
  local ok, r = pcall(process.run, { "sh", "-c", "echo true" }, o)
  if ok and r.stdout:find("evil") then print("ESCAPED: PATH") end
end
error("denied")
