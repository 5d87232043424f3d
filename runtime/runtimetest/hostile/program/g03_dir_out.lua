-- expect: ok | attacks: work trees out of the home
-- needs: git.read
-- setup: (cd ../outside && git init -q -b main . && git -c user.name=x -c user.email=x commit -q --allow-empty -m one)
-- setup: ln -s ../outside out; mkdir sub
for _, d in ipairs({ "..", "../outside", "/", "out", "sub/../../outside" }) do if pcall(git.head, { dir = d }) or pcall(git.status, { dir = d }) then print("ESCAPED", d) end end print("OK")
