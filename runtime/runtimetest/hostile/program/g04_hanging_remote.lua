-- expect: timeout | attacks: a remote that never answers: git waits for a pipe that nobody opens
-- needs: git.fetch, git.read
-- setup: git init -q -b main . && git -c user.name=x -c user.email=x commit -q --allow-empty -m one && git init -q --bare no && git remote add origin "$PWD/no"
-- setup: rm no/HEAD && mkfifo no/HEAD
while true do pcall(git.fetch, "origin", { timeout = "1h" }) end
