--- The eight daemons of a Cortex home: how each is started, where its pidfile and
--- log are, when it is ready and how it stops.
---
--- To change anything, or to manage other daemons, copy this file to
--- HOME/.cortexlua/registry.lua and edit the copy. Paths are relative to the home.

return {
  -- The older scripts read one of these, the newer ones the other.
  home = { env = { "CORTEX_HOME", "COMMIT_RELAY_HOME" } },

  release = {
    scripts = { "scripts/*.sh", "scripts/daemons/*.sh" },
    backup = { "coordination", "scripts" },
    exclude = { "coordination/backups" },
    -- The daemons write their state into tracked files.
    state = { "coordination" },
    queue = "coordination/task-queue.json",
  },

  daemons = {
    {
      name = "coordinator",
      purpose = "Task coordination",
      command = { "scripts/coordinator-daemon.sh" },
      pidfile = { path = "/tmp/cortex-coordinator.pid", written_by = "daemon" },
      -- It writes each line to its log and to standard output: the latter would double it.
      log = "agents/logs/system/coordinator-daemon.log",
      stdout = "null",
      ready = { file = "coordination/orchestrator/state/current.json", timeout = "45s" },
      settle = "3s",
      stop = { grace = "30s" },
    },
    {
      name = "heartbeat",
      purpose = "Health monitoring",
      command = { "scripts/daemons/heartbeat-monitor-daemon.sh" },
      pidfile = { path = "/tmp/cortex-heartbeat-monitor.pid", written_by = "daemon" },
      log = "agents/logs/system/heartbeat-monitor.log",
      ready = { file = "coordination/metrics/heartbeat-monitor-metrics.json", timeout = "1m" },
      settle = "3s",
      stop = { grace = "30s" },
    },
    {
      name = "worker",
      purpose = "Worker spawning",
      command = { "scripts/worker-daemon.sh" },
      pidfile = { path = "/tmp/commit-relay-worker-daemon.pid", written_by = "daemon" },
      log = "agents/logs/system/worker-daemon.log",
      after = { "coordinator" },
      ready = { alive = true }, -- it has no state file
      settle = "5s",
      stop = { grace = "30s" },
    },
    {
      name = "pm",
      purpose = "Process management",
      command = { "scripts/pm-daemon.sh" },
      pidfile = { path = "/tmp/pm-daemon.pid", written_by = "daemon" },
      log = "agents/logs/system/pm-daemon.log",
      after = { "coordinator" },
      ready = { file = "coordination/pm-state.json", timeout = "1m" },
      settle = "3s",
      stop = { grace = "30s" },
    },
    {
      name = "integration",
      purpose = "Validation",
      command = { "scripts/integration-validator-daemon.sh" },
      pidfile = { path = "/tmp/cortex-integration-validator.pid", written_by = "daemon" },
      log = "agents/logs/system/integration-validator.log",
      stdout = "null",
      after = { "coordinator" },
      ready = { file = "coordination/routing-health.json", timeout = "90s" },
      settle = "3s",
      stop = { grace = "30s" },
    },
    {
      name = "failure-pattern",
      purpose = "Pattern detection",
      command = { "scripts/daemons/failure-pattern-daemon.sh" },
      pidfile = { path = "/tmp/cortex-failure-pattern.pid", written_by = "daemon" },
      log = "agents/logs/system/failure-pattern-daemon.log",
      after = { "heartbeat" },
      ready = { alive = true }, -- its state file comes after a cycle of five minutes
      settle = "5s",
      stop = { grace = "30s" },
    },
    {
      name = "auto-fix",
      purpose = "Automatic fixes",
      command = { "scripts/daemons/auto-fix-daemon.sh" },
      pidfile = { path = "/tmp/cortex-auto-fix.pid", written_by = "daemon" },
      log = "agents/logs/system/auto-fix-daemon.log",
      after = { "failure-pattern" },
      ready = { alive = true },
      settle = "5s",
      stop = { grace = "30s" },
    },
    {
      name = "metrics",
      purpose = "Metrics collection",
      command = { "scripts/metrics-snapshot-daemon.sh" },
      pidfile = { path = "/tmp/commit-relay-metrics-snapshot.pid", written_by = "daemon" },
      log = "agents/logs/system/metrics-snapshot.log",
      ready = { alive = true },
      settle = "5s",
      stop = { grace = "30s" },
    },
  },
}
