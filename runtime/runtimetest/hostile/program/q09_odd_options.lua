-- expect: ok | attacks: options that are wrong or too large
for _, o in ipairs({ { limit = 1e9 }, { limit = -1 }, { limit = 0 / 0 }, { after = { { 1 } } }, { after = { { 2 }, { 1 } } }, { after = { { 1e9 } } }, { timeout = "-1s" }, { timeout = 1e300 }, { on_error = "x" }, { x = 1 } }) do
  pcall(parallel, { 1, 2 }, function() end, o) pcall(race, { 1, 2 }, function() end, o) pcall(each, { 1, 2 }, function() end, o)
end
pcall(parallel, setmetatable({}, { __len = function() return 1e9 end, __index = function() return 1 end }), print)
pcall(parallel, { [1e9] = 1 }, print) pcall(parallel, fs, print) pcall(parallel, {}, print) pcall(parallel) pcall(parallel, { 1 }, { 1 })
print("OK")
