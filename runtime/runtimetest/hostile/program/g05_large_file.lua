-- expect: error | attacks: a file of 300 MB out of git
-- needs: git.read
-- setup: git init -q -b main . && head -c 300M /dev/zero > big && git add big && git -c user.name=x -c user.email=x commit -q -m one && rm big
git.show_file("HEAD", "big") error("done")
