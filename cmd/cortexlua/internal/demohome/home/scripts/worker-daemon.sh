#!/bin/sh
# Spawns workers for the specs in coordination/worker-specs/active, with two helper
# processes of its own in the same process group.
# A crash leaves the helpers behind: whoever sees it has to end the whole group.
set -eu
CORTEX_HOME=${CORTEX_HOME:-${COMMIT_RELAY_HOME:-$PWD}}
NAME=worker-daemon
# shellcheck source-path=SCRIPTDIR source=lib/daemon.sh
. "$CORTEX_HOME/scripts/lib/daemon.sh"
# shellcheck source-path=SCRIPTDIR source=lib/worker-cycle.sh
. "$CORTEX_HOME/scripts/lib/worker-cycle.sh"

HELPERS=

# helper: stands for a program that the real worker keeps running beside itself.
helper() {
	trap - EXIT
	trap 'end_pause; exit 0' TERM INT
	NAPPING=no
	while :; do
		pause 60
	done
}

start_helpers() {
	for kind in launcher reaper; do
		helper &
		HELPERS="$HELPERS $!"
		log "started the $kind helper, pid $!"
	done
}

drain() {
	for pid in $HELPERS; do
		kill "$pid" 2> /dev/null || true
	done
	wait
}

open_log worker-daemon.log
end_on_signals
claim_pidfile commit-relay-worker-daemon.pid
warm_up
log "started, release $RELEASE, pid $$"
start_helpers
while :; do
	worker_cycle
	pause "${WORKER_DAEMON_POLL_INTERVAL:-30}"
done
