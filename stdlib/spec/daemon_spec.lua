local check = require("spec.check")
local daemon = require("cortex.daemon")
local list = require("cortex.list")
local world = require("spec.world").new()

local function place(text)
  for i, done in ipairs(world.done) do
    if done == text then
      return i
    end
  end
  error(text .. " was not done: " .. list.text(world.done, 20), 2)
end

return {
  ["start spawns, writes the pidfile, waits until ready"] = function()
    local s = daemon.start(world.daemon("a"))
    check.equal(world.done, { "spawn a", "write a.pid", "ready a" })
    check.equal({ s.pid, s.adopted, world.files["a.pid"] }, { 101, false, 101 })
    check.equal(world.locks, {})
  end,

  ["start leaves the pidfile to a daemon that writes its own"] = function()
    daemon.start(world.daemon("a", { pidfile = { path = "a.pid", written_by = "daemon" } }))
    check.equal(world.done, { "spawn a", "ready a" })
  end,

  ["a live daemon is adopted, and its pidfile mended"] = function()
    world.start("a", 7)
    local s = daemon.start(world.daemon("a"))
    check.equal({ s.pid, s.adopted }, { 7, true })
    check.equal(world.done, { "write a.pid", "ready a" })
  end,

  ["two instances are not adopted"] = function()
    world.start("a", 7)
    world.rows.a = { instances = 2 }
    local err = check.raises("a runs 2 times", daemon.start, world.daemon("a"))
    check.equal({ err.kind, err.hint }, { "conflict", "cortexlua run stop a stops all of them" })
    check.equal(world.done, {})
  end,

  ["a live daemon without its own pidfile is adopted with a warning"] = function()
    world.start("a", 7)
    daemon.start(world.daemon("a", { pidfile = { path = "a.pid", written_by = "daemon" } }))
    check.equal(world.warnings, { "a runs as pid 7, but a.pid is missing" })
    check.equal(world.done, { "ready a" })
  end,

  ["what a dead instance left is ended before a start"] = function()
    world.rows.a = { remains = 3, pidfile = "stale", why = "its process is gone" }
    world.files["a.pid"] = 9
    daemon.start(world.daemon("a"))
    check.equal(world.done, { "clean up a", "clear a.pid", "spawn a", "write a.pid", "ready a" })
    check.equal(world.warnings, { "a: its pidfile is stale: its process is gone" })
  end,

  ["a daemon that is not ready is stopped, then its pidfile goes"] = function()
    world.fails["ready a"] = "a ended with exit code 1"
    local err = check.raises("exit code 1", daemon.start, world.daemon("a"))
    check.equal(err.details.exit_code, 1)
    check.equal(world.done, { "spawn a", "write a.pid", "ready a", "stop a", "remove a.pid" })
    check.equal(world.locks, {})
  end,

  ["the lock of another run is waited for, not broken"] = function()
    world.locks["daemon-a"] = { pid = 1, purpose = "upgrade a" }
    check.raises("held by upgrade a", daemon.start, world.daemon("a"))
    check.raises("held by upgrade a", daemon.stop, world.daemon("a"))
    check.equal(world.done, {})
  end,

  ["hold keeps the locks through starts and stops"] = function()
    local a, b = world.daemon("a"), world.daemon("b")
    daemon.hold({ b, a }, "upgrade")
    check.equal(world.locks["daemon-a"].purpose, "upgrade a")
    daemon.start_all({ a, b })
    daemon.stop_all({ a, b })
    check.equal(world.locks["daemon-a"].purpose, "upgrade a")
    check.equal(world.locks["daemon-b"].purpose, "upgrade b")
  end,

  ["start_all starts each after those it needs"] = function()
    local daemons = { world.daemon("a"), world.daemon("b", { after = { "a" } }), world.daemon("c", { after = { "b" } }) }
    local started = daemon.start_all(daemons)
    check.equal(list.pluck(started, "name"), { "a", "b", "c" })
    check.equal(place("ready a") < place("spawn b") and place("ready b") < place("spawn c"), true)
    check.equal(place("ready c") < place("settle a 1s"), true)
  end,

  ["start_all does not settle what it adopts"] = function()
    world.start("a", 7)
    daemon.start_all({ world.daemon("a") })
    check.equal(world.done, { "write a.pid", "ready a" })
  end,

  ["start_all names what failed and what was not started because of it"] = function()
    world.fails["spawn a"] = "a does not exist"
    local daemons = { world.daemon("a"), world.daemon("b", { after = { "a" } }), world.daemon("c", { after = { "b" } }), world.daemon("d") }
    local err = check.raises("^a does not exist\n  not started because of it: b, c$", daemon.start_all, daemons)
    check.equal({ err.details.failed, err.details.blocked }, { { "a" }, { "b", "c" } })
    check.equal(world.live.d ~= nil, true)
  end,

  ["start_all tells of all that failed, each with its reason"] = function()
    world.fails["spawn a"] = "a does not exist"
    world.fails["ready b"] = "b ended; its log ends with:\n    lost"
    world.fails["settle c"] = function()
      world.live.c, world.rows.c = nil, { ended = true }
      return "c ended within 1s"
    end
    local daemons = { world.daemon("a"), world.daemon("b"), world.daemon("c"), world.daemon("d") }
    local err = check.raises("cannot start 3 of 4 daemons", daemon.start_all, daemons)
    check.equal(
      err.message,
      "cannot start 3 of 4 daemons:\n  a does not exist\n  b ended; its log ends with:\n      lost\n  c ended within 1s"
    )
    check.equal(err.details.failed, { "a", "b", "c" })
    check.equal(err.details.errors[2].daemon, "b")
    check.equal(world.files["c.pid"], nil)
    check.equal(world.live.d ~= nil, true)
  end,

  ["a daemon that another run stops while it settles is a conflict"] = function()
    world.fails["settle a"] = function()
      world.live.a = nil
      rawset(lock, "holder", function()
        return { pid = 42, purpose = "stop a" }
      end)
      return "a ended"
    end
    local daemons = { world.daemon("a") }
    local err = check.raises("a was stopped by another run %(pid 42, stop a%) before it was stable", daemon.start_all, daemons)
    check.equal(err.kind, "conflict")
  end,

  ["a window is one time for all"] = function()
    local daemons = { world.daemon("a") }
    daemon.settle(daemon.start_all(daemons), daemons, "7s")
    check.equal(world.done[#world.done], "settle a 7s")
  end,

  ["stop ends every instance, and the pidfile goes last"] = function()
    local p = world.start("a", 7)
    world.files["a.pid"] = 7
    local s = daemon.stop(world.daemon("a"))
    check.equal(world.done, { "stop a", "remove a.pid" })
    check.equal({ s.was_running, s.forced, s.pid }, { true, false, p.pid })
  end,

  ["stop keeps the pidfile of what survives"] = function()
    world.start("a", 7)
    world.files["a.pid"] = 7
    world.fails["stop a"] = "still alive after SIGKILL"
    check.raises("still alive", daemon.stop, world.daemon("a"))
    check.equal(world.files["a.pid"], 7)
    check.equal(world.locks, {})
  end,

  ["stop of what does not run ends what is left of it"] = function()
    world.rows.a = { remains = 2, pidfile = "stale" }
    world.files["a.pid"] = 9
    local s = daemon.stop(world.daemon("a"))
    check.equal(world.done, { "clean up a", "clear a.pid" })
    check.equal({ s.was_running, s.remains }, { false, 2 })
  end,

  ["stop says that it had to kill"] = function()
    world.start("a", 7)
    world.deaf.a = true
    check.equal(daemon.stop(world.daemon("a"), { grace = "2s" }).forced, true)
    check.equal(world.warnings, { "a did not end within its grace period of 2s and was killed" })
  end,

  ["stop gives up when something starts it again"] = function()
    world.start("a", 7)
    world.fails["stop a"] = nil
    local stop = process.stop
    rawset(process, "stop", function(p, opts)
      local result = stop(p, opts)
      world.start("a", p.pid + 1)
      return result
    end)
    local err = check.raises("something starts it again", daemon.stop, world.daemon("a"))
    check.equal(err.kind, "conflict")
  end,

  ["a daemon between two that are selected keeps their order"] = function()
    local a, b, c = world.daemon("a", { after = { "b" } }), world.daemon("b", { after = { "c" } }), world.daemon("c")
    world.registered = { c, b, a }
    daemon.start_all({ c, a })
    assert(place("ready c") < place("spawn a"), "a was started before c was ready")
    daemon.stop_all({ c, a })
    assert(place("stop a") < place("stop c"), "c was stopped before a")
  end,

  ["stop_all stops those that need others first, and goes on after a failure"] = function()
    local daemons = { world.daemon("a"), world.daemon("b", { after = { "a" } }), world.daemon("c", { after = { "b" } }) }
    for i, d in ipairs(daemons) do
      world.start(d.name, i)
    end
    world.fails["stop b"] = "cannot stop b: still alive"
    check.raises("cannot stop b: still alive", daemon.stop_all, daemons)
    check.equal(place("stop c") < place("stop b") and place("stop b") < place("stop a"), true)
    check.equal(world.live.a, nil)
  end,

  ["restart keeps the lock from first to last"] = function()
    world.start("a", 7)
    local seen = {}
    for _, what in ipairs({ "stop a", "spawn a", "settle a" }) do
      world.fails[what] = function()
        seen[#seen + 1] = (world.locks["daemon-a"] or {}).purpose
      end
    end
    local s = daemon.restart(world.daemon("a"))
    check.equal(seen, { "restart a", "restart a", "restart a" })
    check.equal({ s.pid, s.adopted }, { 101, false })
    check.equal(world.locks, {})
  end,

  ["texts for people"] = function()
    check.equal(daemon.started_text({ name = "a", pid = 7 }), "a started (pid 7)")
    check.equal(daemon.started_text({ name = "a", pid = 7, adopted = true }), "a already runs (pid 7)")
    check.equal(daemon.started_text({ name = "a", planned = true }), "a would be started")
    check.equal(daemon.stopped_text({ name = "a", was_running = true }), "a stopped")
    check.equal(daemon.stopped_text({ name = "a", was_running = true, forced = true }), "a killed")
    check.equal(daemon.stopped_text({ name = "a", was_running = true, planned = true }), "a would be stopped")
    check.equal(daemon.stopped_text({ name = "a" }), "a was not running")
  end,
}
