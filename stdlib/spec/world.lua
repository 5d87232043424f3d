--- A world without a machine for specs of cortex.daemon: Lua tables in the place of
--- the primitives, which note what was done to them, in order.
local M = {}

local function handle(world, name, pid)
  local p = { name = name, pid = pid }
  world.live[name] = p
  return p
end

local function processes(world)
  return {
    locate = function(names)
      local rows = {}
      for i, name in ipairs(names) do
        local p = world.live[name]
        rows[i] = { name = name, state = p and "running" or "stopped", process = p, pid = p and p.pid, uptime = p and 60 }
        for k, v in pairs(world.rows[name] or {}) do
          rows[i][k] = v
        end
      end
      return rows
    end,
    check = function(name)
      world.try("check " .. name)
    end,
    spawn = function(name)
      world.note("spawn " .. name)
      world.try("spawn " .. name)
      world.pids = world.pids + 1
      return handle(world, name, world.pids)
    end,
    stop = function(p)
      world.note("stop " .. p.name)
      world.try("stop " .. p.name)
      world.live[p.name] = nil
      return { stopped = true, forced = world.deaf[p.name] or false }
    end,
    alive = function(p)
      return world.live[p.name] == p
    end,
    clean_up = function(name)
      world.note("clean up " .. name)
      world.rows[name] = nil
      return { ended = true }
    end,
  }
end

local function pidfiles(world)
  return {
    read = function(path)
      return world.files[path]
    end,
    write = function(path, p)
      world.note("write " .. path)
      world.files[path] = p.pid
    end,
    remove = function(path, pid)
      if world.files[path] == pid then
        world.note("remove " .. path)
        world.files[path] = nil
      end
    end,
    clear = function(path)
      if world.files[path] then
        world.note("clear " .. path)
        world.files[path] = nil
      end
    end,
  }
end

local function probes(world)
  return {
    validate = function() end,
    mark = function()
      return {}
    end,
    wait = function(p, spec)
      if not spec.pidfile then
        world.note("ready " .. p.name)
        world.try("ready " .. p.name)
      end
    end,
    settle = function(p, duration)
      world.note("settle " .. p.name .. " " .. duration)
      world.try("settle " .. p.name)
    end,
  }
end

local function locks(world)
  return {
    acquire = function(name, opts)
      if world.locks[name] then
        errors.raise({ kind = "conflict", message = "the lock is held by " .. world.locks[name].purpose })
      end
      world.locks[name] = { pid = 1, purpose = opts.purpose }
      return name
    end,
    release = function(name)
      world.locks[name] = nil
    end,
    holder = function(name)
      return world.locks[name]
    end,
  }
end

--- Makes the world and puts it in the place of the primitives. world.fails[what]
--- makes a step fail ("spawn a", "ready a", "settle a", "stop a"), as an error or,
--- for a function, with what it does first; world.rows[name] adds to what is
--- located.
function M.new()
  local world = { live = {}, rows = {}, files = {}, locks = {}, deaf = {}, fails = {}, done = {}, warnings = {}, pids = 100 }
  function world.note(text)
    world.done[#world.done + 1] = text
  end
  function world.try(what)
    local fails = world.fails[what]
    if type(fails) == "function" then
      fails = fails()
    end
    if fails then
      errors.raise({ kind = "failed", message = fails, details = { exit_code = 1 } })
    end
  end
  function world.daemon(name, more)
    local d = {
      name = name, command = { name }, ready = { alive = true, timeout = "1s" }, settle = "1s", stop = { signal = "TERM", grace = "10s" },
      pidfile = { path = name .. ".pid", written_by = "manager" },
    }
    for k, v in pairs(more or {}) do
      d[k] = v
    end
    return d
  end
  function world.start(name, pid)
    return handle(world, name, pid)
  end
  rawset(_G, "process", processes(world))
  rawset(_G, "pidfile", pidfiles(world))
  rawset(_G, "probe", probes(world))
  rawset(_G, "lock", locks(world))
  rawset(_G, "registry", {
    daemons = function()
      return world.registered or {}
    end,
  })
  rawset(_G, "clock", {
    seconds = function(text)
      return tonumber((text:match("^(%d+)s$")))
    end,
  })
  rawset(_G, "log", {
    warn = function(text)
      world.warnings[#world.warnings + 1] = text
    end,
  })
  return world
end

return M
