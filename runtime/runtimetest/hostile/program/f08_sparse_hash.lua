-- expect: timeout | attacks: the checksum of 100 GB
-- setup: truncate -s 100G big
fs.checksum("big")
