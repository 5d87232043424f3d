-- expect: ok | attacks: options in the place of names
-- needs: git.read, git.fetch, git.write, fs.write, process.spawn
-- setup: git init -q -b main . && git -c user.name=x -c user.email=x commit -q --allow-empty -m one && git remote add origin "$PWD/no"
local bad = { "--upload-pack=touch pwned", "--exec=touch pwned", "--output=pwned", "-o", "-c", "--git-dir=/", "--open-files-in-pager=touch pwned", "-c core.pager=touch", "--ext-diff", "--textconv",
  "HEAD --output=pwned", "HEAD\n--output=pwned", "\0", "", "..", "HEAD:../../outside/secret", "ext::sh -c touch% pwned", "file:///etc", "@{-1}", "$(touch pwned)", "`touch pwned`", ";touch pwned", ("x"):rep(100000) }
for _, b in ipairs(bad) do
  pcall(git.fetch, b) pcall(git.resolve, b) pcall(git.is_ancestor, b, b) pcall(git.changes, b, b) pcall(git.log, b, b) pcall(git.show_file, b, b) pcall(git.show_file, "HEAD", b)
  pcall(git.files, b) pcall(git.files, "HEAD", { patterns = { b } }) pcall(git.obstacles, b) pcall(git.rehearse, b) pcall(git.fast_forward, b) pcall(git.return_to, b) pcall(git.return_to, "HEAD", { branch = b }) pcall(git.status, { exclude = { b } }) pcall(git.head, { dir = b })
  if fs.exists("pwned") then print("ESCAPED", b) end
end
print("OK")
