-- expect: ok | attacks: a repository whose configuration runs programs
-- needs: git.read, git.fetch
-- setup: git init -q -b main . && git -c user.name=x -c user.email=x commit -q --allow-empty -m one && git remote add origin "$PWD/no"
-- setup: git config core.fsmonitor "touch $PWD/pwned;false"; git config core.pager "touch $PWD/pwned"; git config diff.external "touch $PWD/pwned"; git config core.sshCommand "touch $PWD/pwned"; git config core.askPass "touch $PWD/pwned"; git config core.hooksPath hooks; git config core.editor "touch $PWD/pwned"; git config gpg.program "touch $PWD/pwned"
-- setup: mkdir hooks; for h in post-checkout pre-commit reference-transaction post-index-change post-merge; do printf "#!/bin/sh\ntouch $PWD/pwned\n" > hooks/$h; chmod +x hooks/$h; done
pcall(git.status) pcall(git.head) pcall(git.changes, "HEAD", "HEAD") pcall(git.log, "HEAD", "HEAD") pcall(git.busy) pcall(git.fetch, "origin") pcall(git.files, "HEAD") pcall(git.show_file, "HEAD", "x") pcall(git.obstacles, "HEAD")
if fs.exists("pwned") then print("ESCAPED") end print("OK")
