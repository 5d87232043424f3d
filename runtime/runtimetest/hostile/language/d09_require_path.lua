-- expect: denied | attacks: package.path turned to another folder
local ok, e = pcall(function() package.path = '/tmp/sbxroot/?.lua' return require('evilmod') end) if ok then print('ESCAPED: required ' .. tostring(e)) else error('denied') end
