-- expect: timeout | attacks: a remote whose configuration runs a program, again and again
-- needs: git.fetch, git.read
-- setup: git init -q -b main . && git -c user.name=x -c user.email=x commit -q --allow-empty -m one && git remote add origin "$PWD/no"
-- setup: git config protocol.ext.allow always; git config remote.origin.url "ext::sleep 300"; git config remote.origin.uploadpack "sleep 300;"; mkdir no; git init -q --bare no; git remote set-url origin "$PWD/no"
while true do pcall(git.fetch, "origin", { timeout = "1h" }) end
