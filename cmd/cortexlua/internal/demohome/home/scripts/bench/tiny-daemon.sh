#!/bin/sh
# tiny-daemon.sh NAME: the smallest daemon worth measuring a manager with. Ready
# 50 ms after its start, which the file NAME.ready tells, and gone 50 ms after TERM.
set -eu
READY=${CORTEX_RUN_DIR:-/tmp}/$1.ready

stop() {
	trap '' TERM INT
	kill "$!" 2> /dev/null || true
	sleep 0.05
	rm -f "$READY"
	exit 0
}

sleep 0.05 &
trap stop TERM INT
wait "$!" || true
: > "$READY"
while :; do
	sleep 3600 &
	wait "$!" || true
done
