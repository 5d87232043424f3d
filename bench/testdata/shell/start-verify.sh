#!/usr/bin/env bash
# Start all daemons, then verify the start-up: one pause for all of them, which
# is kinder than the procedure's pause for each.
. "$(dirname "$0")/common.sh"
for DAEMON in $names; do
    start_daemon "$DAEMON"
done
sleep 2
for DAEMON in $names; do
    if [[ -f "$pids/cortex-${DAEMON}.pid" ]]; then
        PID=$(cat "$pids/cortex-${DAEMON}.pid")
        if ps -p $PID > /dev/null 2>&1; then
            echo "$DAEMON started successfully (PID: $PID)"
        else
            echo "ERROR: $DAEMON failed to start"
        fi
    fi
done
