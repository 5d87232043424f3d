#!/bin/sh
# Coordinates the tasks of the queue. Its lines go to the log and to stdout: whoever
# appends its stdout to the same log gets every line twice.
set -eu
CORTEX_HOME=${CORTEX_HOME:-${COMMIT_RELAY_HOME:-$PWD}}
NAME=coordinator-daemon
# shellcheck source-path=SCRIPTDIR source=lib/daemon.sh
. "$CORTEX_HOME/scripts/lib/daemon.sh"

QUEUE=$CORTEX_HOME/coordination/task-queue.json
STATE=$CORTEX_HOME/coordination/orchestrator/state/current.json

count_pending() {
	grep -c '"status": "pending"' "$QUEUE" || true
}

record_check() {
	pending=$(count_pending)
	write_whole "$STATE" cat <<-END
		{
		  "status": "running",
		  "pid": $$,
		  "last_check": "$(offset_time)",
		  "tasks_pending": ${pending:-0}
		}
	END
}

tee_log coordinator-daemon.log
end_on_signals
claim_pidfile cortex-coordinator.pid
warm_up
log "started, release $RELEASE, pid $$"
while :; do
	record_check
	log "$pending tasks pending"
	pause "${COORDINATOR_POLL_INTERVAL:-15}"
done
