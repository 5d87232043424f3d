package demohome

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

const runDirVariable = "CORTEX_RUN_DIR"

// Daemon is one entry of the home's registry. Paths are relative to the home.
type Daemon struct {
	Name    string
	Purpose string
	Command []string // a script of the home, and its arguments
	PIDFile string
	// WritesPID: the daemon writes its pidfile itself; else that is the manager's job.
	WritesPID bool
	Log       string
	// LogsByItself: it writes each line to Log and to stdout, so stdout must not be
	// appended to Log as well.
	LogsByItself bool
	After        []string          // names of those that must be ready before it starts
	Env          map[string]string // what it needs beyond Home.Env
	Ready        Ready
	Settle       time.Duration // how long it must stay ready to count as stable
	Grace        time.Duration // how long it may take to stop
}

// Ready says how to tell that a daemon works. One of File, Log and Alive is set.
type Ready struct {
	File  string        // a file that the daemon keeps fresh, or just makes if Fresh is 0
	JSON  string        // where in File the time of its last sign of life stands, in jq's language
	Fresh time.Duration // how old that may be
	Log   string        // a regular expression for a line of its log
	Alive bool          // that it runs has to do
}

// catalogue is the real registry, with short periods. The worker's settle time is
// longer than the 2 s after which the worker of a Bad release dies.
func catalogue(period time.Duration) []Daemon {
	fresh := max(10*time.Second, 5*period)
	heartbeat := func(file, json string) Ready { return Ready{File: file, JSON: json, Fresh: fresh} }
	seconds := strconv.FormatFloat(period.Seconds(), 'f', -1, 64)
	every := func(variable string) map[string]string { return map[string]string{variable: seconds} }
	const settle, grace = 500 * time.Millisecond, 10 * time.Second
	return []Daemon{
		{Name: "coordinator", Purpose: "Task coordination", Command: []string{"scripts/coordinator-daemon.sh"},
			PIDFile: "run/cortex-coordinator.pid", WritesPID: true, Log: logFile("coordinator-daemon"), LogsByItself: true,
			Env: every("COORDINATOR_POLL_INTERVAL"), Settle: settle, Grace: grace,
			Ready: heartbeat("coordination/orchestrator/state/current.json", ".last_check")},
		{Name: "heartbeat", Purpose: "Health monitoring", Command: []string{"scripts/daemons/heartbeat-monitor-daemon.sh"},
			PIDFile: "run/cortex-heartbeat-monitor.pid", WritesPID: true, Log: logFile("heartbeat-monitor"),
			Env: every("HEARTBEAT_MONITOR_POLL_INTERVAL"), Settle: settle, Grace: grace,
			Ready: heartbeat("coordination/metrics/heartbeat-monitor-metrics.json", ".timestamp")},
		{Name: "worker", Purpose: "Worker spawning", Command: []string{"scripts/worker-daemon.sh"},
			PIDFile: "run/commit-relay-worker-daemon.pid", WritesPID: true, Log: logFile("worker-daemon"),
			After: []string{"coordinator"}, Env: every("WORKER_DAEMON_POLL_INTERVAL"), Settle: 3 * time.Second, Grace: grace,
			Ready: Ready{Alive: true}},
		{Name: "pm", Purpose: "Process management", Command: []string{"scripts/pm-daemon.sh"},
			PIDFile: "run/pm-daemon.pid", WritesPID: true, Log: logFile("pm-daemon"),
			After: []string{"coordinator"}, Env: every("PM_LOOP_INTERVAL"), Settle: settle, Grace: grace,
			Ready: heartbeat("coordination/pm-state.json", ".pm_daemon.last_loop")},
		{Name: "integration", Purpose: "Validation", Command: []string{"scripts/integration-validator-daemon.sh"},
			PIDFile: "run/cortex-integration-validator.pid", WritesPID: true, Log: logFile("integration-validator"), LogsByItself: true,
			After: []string{"coordinator"}, Env: every("INTEGRATION_POLL_INTERVAL"), Settle: settle, Grace: grace,
			Ready: heartbeat("coordination/routing-health.json", ".last_check")},
		{Name: "failure-pattern", Purpose: "Pattern detection", Command: []string{"scripts/daemons/failure-pattern-daemon.sh"},
			PIDFile: "run/cortex-failure-pattern.pid", WritesPID: true, Log: logFile("failure-pattern-daemon"),
			After: []string{"heartbeat"}, Env: every("PATTERN_DETECTION_POLL_INTERVAL"), Settle: settle, Grace: grace,
			Ready: heartbeat("coordination/metrics/failure-pattern-metrics.json", ".timestamp")},
		{Name: "auto-fix", Purpose: "Automatic fixes", Command: []string{"scripts/daemons/auto-fix-daemon.sh"},
			PIDFile: "run/cortex-auto-fix.pid", Log: logFile("auto-fix-daemon"),
			After: []string{"failure-pattern"}, Env: every("AUTO_FIX_POLL_INTERVAL"), Settle: settle, Grace: grace,
			Ready: heartbeat("coordination/metrics/auto-fix-daemon-metrics.json", ".timestamp")},
		{Name: "metrics", Purpose: "Metrics collection", Command: []string{"scripts/metrics-snapshot-daemon.sh"},
			PIDFile: "run/commit-relay-metrics-snapshot.pid", Log: logFile("metrics-snapshot"),
			After: []string{"worker", "pm", "integration", "auto-fix"}, Env: every("SNAPSHOT_INTERVAL"), Settle: settle, Grace: grace,
			Ready: Ready{Log: `snapshot .* written`}},
	}
}

func logFile(name string) string { return "agents/logs/system/" + name + ".log" }

// tiny is the n-th daemon for measuring. It writes no log of its own, no heartbeat and
// no pidfile; the file that tells that it is ready is gone when it stops.
func tiny(name string) Daemon {
	return Daemon{
		Name: name, Purpose: "Measuring", Command: []string{"scripts/bench/tiny-daemon.sh", name},
		PIDFile: path.Join("run", name+".pid"), Log: logFile(name),
		Ready: Ready{File: path.Join("run", name+".ready")}, Grace: 10 * time.Second,
	}
}

// daemons picks those that the options ask for. One that is left out is also taken out
// of the dependencies of the others.
func (o Options) daemons() ([]Daemon, error) {
	period := o.Period
	if period == 0 {
		period = time.Second
	}
	if period < 0 || o.Count < 0 {
		return nil, fmt.Errorf("period %s and count %d must not be negative", o.Period, o.Count)
	}
	picked, err := pick(catalogue(period), o)
	if err != nil {
		return nil, err
	}
	prefix := o.Prefix
	if prefix == "" {
		prefix = "tiny-"
	}
	for n := range o.Count {
		picked = append(picked, tiny(fmt.Sprintf("%s%03d", prefix, n+1)))
	}
	return picked, nil
}

func pick(all []Daemon, o Options) ([]Daemon, error) {
	var names []string
	for _, d := range all {
		names = append(names, d.Name)
	}
	for _, name := range o.Daemons {
		if !slices.Contains(names, name) {
			return nil, fmt.Errorf("unknown daemon %q: there are %s", name, strings.Join(names, ", "))
		}
	}
	if len(o.Daemons) == 0 && o.Count == 0 {
		return all, nil
	}
	unwanted := func(name string) bool { return !slices.Contains(o.Daemons, name) }
	picked := slices.DeleteFunc(all, func(d Daemon) bool { return unwanted(d.Name) })
	for i := range picked {
		picked[i].After = slices.DeleteFunc(picked[i].After, unwanted)
	}
	return picked, nil
}
