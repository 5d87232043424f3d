#!/bin/sh
# Process management: keeps the workers it watches in coordination/pm-state.json.
# When told to stop it first finishes what it has in hand: PM_DRAIN_SECONDS (3).
set -eu
CORTEX_HOME=${CORTEX_HOME:-${COMMIT_RELAY_HOME:-$PWD}}
NAME=pm-daemon
# shellcheck source-path=SCRIPTDIR source=lib/daemon.sh
. "$CORTEX_HOME/scripts/lib/daemon.sh"

STATE=$CORTEX_HOME/coordination/pm-state.json
LOOPS=0

drain() {
	log "draining"
	sleep "${PM_DRAIN_SECONDS:-3}"
}

new_state() {
	cat <<-END
		{
		  "pm_daemon": {
		    "pid": null,
		    "last_loop": null,
		    "loops_completed": 0,
		    "started_at": null
		  },
		  "monitored_workers": {},
		  "metrics": {}
		}
	END
}

# Changes the daemon's own part of the state file and keeps the rest of it.
record_loop() {
	[ -s "$STATE" ] || write_whole "$STATE" new_state
	LOOPS=$((LOOPS + 1))
	write_whole "$STATE" sed '/"pm_daemon"/,/}/{
		s/"pid": [^,]*/"pid": '"$$"'/
		s/"last_loop": [^,]*/"last_loop": "'"$(offset_time)"'"/
		s/"loops_completed": [^,]*/"loops_completed": '"$LOOPS"'/
		s/"started_at": [^,]*\(,*\)$/"started_at": "'"$STARTED"'"\1/
	}' "$STATE"
}

open_log pm-daemon.log
end_on_signals
claim_pidfile pm-daemon.pid
warm_up
STARTED=$(offset_time)
log "started, release $RELEASE, pid $$"
while :; do
	record_loop
	log "loop $LOOPS done"
	pause "${PM_LOOP_INTERVAL:-180}"
done
