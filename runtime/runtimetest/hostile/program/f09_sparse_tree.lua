-- expect: timeout | attacks: the hash of a tree of 100 GB
-- setup: mkdir d; truncate -s 100G d/big
fs.tree_hash("d")
