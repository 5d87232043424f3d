local check = require("spec.check")
local list = require("cortex.list")

return {
  ["map leaves out nil and passes the place"] = function()
    local odd = list.map({ "a", "b", "c" }, function(item, i)
      return i ~= 2 and item .. i or nil
    end)
    check.equal(odd, { "a1", "c3" })
  end,

  ["filter keeps the order"] = function()
    local big = list.filter({ 5, 1, 7 }, function(n)
      return n > 2
    end)
    check.equal(big, { 5, 7 })
  end,

  ["pluck and index go by a field"] = function()
    local rows = { { name = "a", n = 1 }, { name = "b" } }
    check.equal(list.pluck(rows, "name"), { "a", "b" })
    check.equal(list.pluck(rows, "n"), { 1 })
    check.equal(list.index(rows, "name").b, rows[2])
  end,

  ["contains compares by equality"] = function()
    check.equal(list.contains({ "a", "b" }, "b"), true)
    check.equal(list.contains({}, nil), false)
  end,

  ["reverse makes a new list"] = function()
    local items = { 1, 2, 3 }
    check.equal(list.reverse(items), { 3, 2, 1 })
    check.equal(items, { 1, 2, 3 })
  end,

  ["text shortens"] = function()
    check.equal(list.text({}), "")
    check.equal(list.text({ "a", "b" }), "a, b")
    check.equal(list.text({ 1, 2, 3, 4, 5 }), "1, 2, 3, 4, 5")
    check.equal(list.text({ 1, 2, 3, 4, 5, 6 }), "1, 2, 3, 4, 5 and 1 more")
    check.equal(list.text({ 1, 2, 3 }, 1), "1 and 2 more")
  end,
}
