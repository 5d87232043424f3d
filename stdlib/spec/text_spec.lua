local check = require("spec.check")
local text = require("cortex.text")

return {
  ["count knows one from many"] = function()
    check.equal(text.count(0, "daemon"), "0 daemons")
    check.equal(text.count(1, "daemon"), "1 daemon")
    check.equal(text.count(8, "daemon"), "8 daemons")
  end,

  ["size names its unit"] = function()
    check.equal(text.size(nil), "-")
    check.equal(text.size(0), "0B")
    check.equal(text.size(1023), "1023B")
    check.equal(text.size(1536), "1.5KiB")
    check.equal(text.size(1024 * 1024 - 1), "1.0MiB")
    check.equal(text.size(5 * 1024 * 1024), "5.0MiB")
    check.equal(text.size(2 ^ 60), "1048576.0TiB")
  end,

  ["duration grows coarser"] = function()
    check.equal(text.duration(nil), "-")
    check.equal(text.duration(0), "0.0s")
    check.equal(text.duration(9.94), "9.9s")
    check.equal(text.duration(9.96), "10s")
    check.equal(text.duration(59.9), "59s")
    check.equal(text.duration(59.96), "1m00s")
    check.equal(text.duration(60), "1m00s")
    check.equal(text.duration(3599), "59m59s")
    check.equal(text.duration(3600), "1h00m")
    check.equal(text.duration(90000), "1d01h")
  end,

  ["table aligns columns and shows what is missing as a dash"] = function()
    local rows = { { name = "worker", pid = 7, up = 90 }, { name = "pm" } }
    local got = text.table(rows, {
      { field = "name", title = "DAEMON" },
      { field = "pid", title = "PID", right = true },
      { field = "up", title = "UP", right = true, format = text.duration },
      { field = "note", title = "NOTE" },
    })
    check.equal(got, "DAEMON  PID     UP  NOTE\nworker    7  1m30s  -\npm        -      -  -")
  end,

  ["table of no rows is its headings"] = function()
    check.equal(text.table({}, { { field = "a", title = "A" }, { field = "b", title = "B" } }), "A  B")
  end,
}
