#!/bin/sh
# Takes a snapshot of the figures each period, in a new file named by the time; the
# newest one tells that it lives. Writes no pidfile: that is left to the manager.
set -eu
CORTEX_HOME=${CORTEX_HOME:-${COMMIT_RELAY_HOME:-$PWD}}
NAME=metrics-snapshot
# shellcheck source-path=SCRIPTDIR source=lib/daemon.sh
. "$CORTEX_HOME/scripts/lib/daemon.sh"

HISTORY=$CORTEX_HOME/coordination/history/hourly
KEEP=24

take_snapshot() {
	snapshot=$HISTORY/$(utc_time).json
	write_whole "$snapshot" cat <<-END
		{"timestamp":$(epoch_time),"release":"$RELEASE","pid":$$}
	END
	log "snapshot ${snapshot##*/} written"
}

# The names sort by age.
forget_old() {
	set -- "$HISTORY"/*.json
	while [ $# -gt "$KEEP" ]; do
		rm -f "$1"
		shift
	done
}

open_log metrics-snapshot.log
end_on_signals
warm_up
log "started, release $RELEASE, pid $$"
while :; do
	take_snapshot
	forget_old
	pause "${SNAPSHOT_INTERVAL:-300}"
done
