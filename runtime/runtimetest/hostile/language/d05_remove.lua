-- expect: denied | attacks: os.remove/os.rename outside the API
local ok = pcall(function() assert(os.rename('/tmp/sbxroot/hello.txt', '/tmp/sbxroot/hello2.txt')) os.rename('/tmp/sbxroot/hello2.txt', '/tmp/sbxroot/hello.txt') end) if ok then print('ESCAPED: rename') else error('denied') end
